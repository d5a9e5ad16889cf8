//! Unique constraints and indexes, held against the values that a write leaves to defaults, and against the `where` that
//! says which rows they are about.

use crate::ast::Name;
use crate::catalog::{ColumnId, ConstraintKind};
use crate::data::Value;
use crate::expr::Expression;
use crate::prove::compile::computed::Given;
use crate::prove::compile::constraints::Write;
use crate::prove::compile::image::Image;
use crate::prove::compile::record::{Record, wrong};
use crate::prove::compile::values;
use crate::prove::model::Wrong;
use crate::prove::proof::{AnomalyKind, Beside};
use crate::prove::rule::Rule;
use crate::prove::word::{Pattern, Word};

impl Write<'_> {
    /// A unique constraint, where every insert that leaves its columns out brings the same value.
    pub(super) fn same_default<W: Word>(
        &self,
        image: &Image<'_, W>,
        inserted: bool,
        record: &mut Record<W>,
    ) -> Option<(Pattern<W>, usize)> {
        let columns = self.constraint.kind.unique_columns().filter(|_| inserted)?;
        let filter = match &self.constraint.kind {
            ConstraintKind::Index { filter, .. } => filter.as_ref(),
            _ => None,
        };
        if !self.scene.has(Rule::DefaultsAreHeld) || !self.is_looked_at_here(columns) {
            return None;
        }
        let defaulted = values::defaulted(image, self.schema, self.written);
        let left: Vec<&Given> = defaulted.iter().filter(|given| columns.contains(&given.column)).collect();
        let is_fixed =
            |given: &&Given| given.value.is_immutable() && given.value.eval(&[], 0).is_ok_and(|value| !value.is_null());
        let is_new = self.step().is_some() || left.iter().any(|given| self.has_new_default(given.column));
        if left.is_empty() || !is_new || !left.iter().all(is_fixed) {
            return None;
        }
        let given: Vec<ColumnId> =
            columns.iter().copied().filter(|column| left.iter().all(|left| left.column != *column)).collect();
        let is_key = |known: &[ColumnId]| !given.is_empty() && known.iter().all(|column| given.contains(column));
        let is_told_apart = self.schema.constraints().filter_map(|other| other.kind.unique_columns()).any(is_key);
        if is_told_apart || !given.is_empty() && self.scene.survey.is_deployed(self.app) {
            return None;
        }
        let undecided = match filter.map(|filter| self.admits_defaults(filter, &defaulted)) {
            Some(Some(false)) => return None,
            Some(None) => Some(record.undecided(self.step(), "whether its `where` holds for the row".to_owned())),
            Some(Some(true)) | None => None,
        };
        let wrong = wrong(AnomalyKind::RejectedWrite, Some(self.app), columns.first().copied(), Some(self.name()));
        Some((Pattern::ANY, record.wrong(Wrong { undecided, beside: Some(Beside::HasThem), ..wrong })))
    }

    /// Whether a row with these defaults is among those that an index is about; none where that hangs on what is given.
    fn admits_defaults(&self, filter: &Expression, defaulted: &[Given]) -> Option<bool> {
        let value = |name: &Name| {
            let column = self.schema.column(name)?.id;
            let given = defaulted.iter().find(|given| given.column == column)?;
            given.value.eval(&[], 0).ok()
        };
        let inputs = filter.inputs().iter().map(value).collect::<Option<Vec<_>>>()?;
        Some(filter.eval(&inputs, 0).is_ok_and(|held| held == Value::Boolean(true)))
    }

    /// The `where` of an index, which is looked at for each row that is written.
    pub(super) fn weigh_filter<W: Word>(
        &self,
        image: &Image<'_, W>,
        inserted: bool,
        record: &mut Record<W>,
    ) -> Option<(Pattern<W>, usize)> {
        let ConstraintKind::Index { filter: Some(filter), .. } = &self.constraint.kind else { return None };
        let scene = self.scene;
        let columns: Vec<ColumnId> = scene.catalog.inputs(&self.schema.name, filter).collect();
        let is_meant = (inserted || self.concerns(&columns)) && !self.is_known(&columns);
        if !scene.has(Rule::ExpressionsMayFail) || !is_meant || !self.is_looked_at_here(&columns) {
            return None;
        }
        let answer = image.ask(|scenario, judge| judge.fails(scenario, &self.schema.name, filter));
        let outcome = answer.witness().map_or_else(String::new, |witness| format!(": {}", witness.outcome));
        let refused = format!("the `where` of {}{outcome}", self.name());
        let wrong = wrong(AnomalyKind::RejectedWrite, Some(self.app), columns.first().copied(), Some(refused));
        let app = &scene.plan.apps[self.app].name;
        let what = format!("`{app}` writes nothing that makes the `where` of {} fail", self.name());
        let condition = (what, "guard it with a `case`".to_owned());
        let risk = values::weigh((scene, self.step()), &answer, wrong, true, condition, record);
        risk.map(|risk| values::after(image, risk))
    }
}
