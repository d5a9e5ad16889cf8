//! Which forms of a fact an insert gives. The columns of which that matters have defaults that tell when they are used.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::catalog::{Column, ColumnId, Sync};
use crate::engine::Fault;
use crate::engine::postgres::default_mark::{bare, marked, setting};
use crate::engine::postgres::quote;
use crate::engine::postgres::translate::sync::{MarkedDefault, Program};
use crate::expr::Nullness;

impl Program<'_> {
    /// The columns of which a trigger must know whether they were given: where every form follows the others as null
    /// follows null, and none has a default, it makes no difference.
    pub(super) fn told_apart(&self, syncs: &[&Arc<Sync>], columns: &BTreeSet<ColumnId>) -> BTreeSet<ColumnId> {
        let speaks = |sync: &&&Arc<Sync>| sync.value.known(&|_| true) != Nullness::Null;
        let with_default = columns.iter().copied().filter(|id| self.plain_default(*id).is_some());
        let mut told: BTreeSet<ColumnId> = syncs.iter().filter(speaks).map(|sync| sync.target).collect();
        told.extend(with_default);
        loop {
            let linked = columns.iter().filter(|id| told.iter().any(|other| self.linked(**id, *other)));
            let more: BTreeSet<ColumnId> = linked.copied().collect();
            if more.is_subset(&told) {
                break;
            }
            told.extend(more);
        }
        told.retain(|id| columns.contains(id) && !self.is_identity(*id));
        // Alone in its fact, there is nothing to tell it from.
        let all = told.clone();
        told.retain(|id| all.iter().any(|other| other != id && self.linked(*id, *other)));
        told
    }

    fn is_identity(&self, id: ColumnId) -> bool {
        let Some(column) = self.table.column_by_id(id) else { return false };
        let known = self.scene.server.relation(&self.table.name).and_then(|relation| relation.column(&column.name));
        known.is_some_and(|known| known.identity || known.generated)
    }

    /// The default of a column as the plan leaves it: what the database says, but where the plan changes it just now.
    pub(super) fn plain_default(&self, id: ColumnId) -> Option<String> {
        let column = self.table.column_by_id(id)?;
        let written =
            |column: &Column| column.default.as_ref().map(|default| default.to_sql(&|name| quote::ident(name)));
        let before = self.scene.catalog.table(&self.table.name).and_then(|table| table.column_by_id(id));
        let known = self.scene.server.relation(&self.table.name).and_then(|relation| relation.column(&column.name));
        match (known, before) {
            (Some(known), Some(before)) if written(before) == written(column) => known.default.clone(),
            _ => written(column),
        }
    }

    /// What the defaults of these columns are while it must be known when they are used, and otherwise.
    pub(super) fn marked_defaults(&self, columns: &BTreeSet<ColumnId>) -> Result<Vec<MarkedDefault>, Fault> {
        let of = |id: &ColumnId| {
            let column = self.column(*id)?;
            let ty = bare(&self.scene.type_of(&self.table.name, column));
            let plain = self.plain_default(*id);
            let marked = marked(plain.as_deref(), &ty, id.0);
            Ok(MarkedDefault { column: quote::ident(&column.name), marked, plain })
        };
        columns.iter().map(of).collect()
    }

    /// Sets `d…` (left to its default) and `x…` for an insert: values that are given count; where there are none, nulls that
    /// are given; where nothing is, the oldest default that is a value, else the oldest column.
    pub(super) fn given(
        &self,
        columns: &BTreeSet<ColumnId>,
        told: &BTreeSet<ColumnId>,
        sources: &BTreeSet<ColumnId>,
    ) -> Result<String, Fault> {
        let mut text = String::new();
        for id in told {
            let setting = setting(id.0);
            writeln!(
                text,
                "        d{0} := coalesce(current_setting('{setting}', true), '') <> '';\n        if d{0} then\n            \
                 perform set_config('{setting}', '', true);\n        end if;",
                id.0
            )
            .ok();
        }
        for id in columns {
            let counts =
                if told.contains(id) { self.counts(*id, columns, told, sources)? } else { self.is_value(*id)? };
            writeln!(text, "        x{} := {counts};", id.0).ok();
        }
        Ok(text)
    }

    fn counts(
        &self,
        id: ColumnId,
        columns: &BTreeSet<ColumnId>,
        told: &BTreeSet<ColumnId>,
        sources: &BTreeSet<ColumnId>,
    ) -> Result<String, Fault> {
        let own = self.is_value(id)?;
        let (mut beaten, mut first) = (Vec::new(), vec![format!("d{}", id.0)]);
        for other in columns.iter().copied().filter(|other| *other != id && self.linked(id, *other)) {
            let value = self.is_value(other)?;
            let is_told = told.contains(&other);
            beaten.push(if is_told { format!("not d{} and {value}", other.0) } else { value.clone() });
            first.push(if is_told { format!("d{}", other.0) } else { "false".to_owned() });
            let null = format!("{value} is false");
            first.push(if other < id { format!("{own} and {null}") } else { format!("({own} or {null})") });
        }
        let given = if beaten.is_empty() {
            format!("not d{}", id.0)
        } else {
            format!("not d{} and ({own} or ({}) is false)", id.0, beaten.join(" or "))
        };
        Ok(if sources.contains(&id) { format!("{given} or {}", first.join(" and ")) } else { given })
    }

    fn is_value(&self, id: ColumnId) -> Result<String, Fault> {
        Ok(format!("(new.{} is not null)", quote::ident(&self.column(id)?.name)))
    }
}
