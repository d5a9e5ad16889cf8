//! What the proof must know of a plan as a whole: where columns come from, which rows belong together, who knows what.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::ast::Name;
use crate::catalog::{Catalog, Column, ColumnId, ConstraintKind, NotNull, Table};
use crate::expr::{Expression, Nullness};
use crate::obligations::Judge;
use crate::plan::{Action, AppUse, ColumnName, Effect, Filling, FillingKind, Plan};
use crate::prove::copies::{self, Copies};
use crate::prove::covers::{Cover, Turns};
use crate::prove::rule::{Rule, Rules};

/// Inputs of a condition beyond which it is not looked into.
pub(super) const MOST_INPUTS: usize = 6;

/// A column, over the whole plan.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) name: ColumnName,
    /// It may be null as it is first known.
    pub(super) nullable: bool,
    /// It is under a not-null at some time.
    pub(super) ever_not_null: bool,
    /// Some statement names it.
    pub(super) touched: bool,
    /// The step that adds it; none where the plan starts with it.
    pub(super) added: Option<usize>,
}

impl Origin {
    /// Whether it is in the schema that the plan starts from.
    pub(super) fn at_start(&self) -> bool {
        self.added.is_none()
    }
}

/// Two tables of which a row of one belongs to one row of the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pairing {
    pub(super) from: Name,
    pub(super) to: Name,
    /// The columns whose values tell which.
    pub(super) keys: [ColumnId; 2],
}

/// A plan as a whole.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) columns: BTreeMap<ColumnId, Origin>,
    pub(super) by_name: FxHashMap<ColumnName, Vec<ColumnId>>,
    pub(super) pairings: Vec<Pairing>,
    /// Copies that are not followed altogether: the step, and why.
    pub(super) unfollowed: Vec<(usize, String)>,
    /// Statements that fill all rows between them.
    pub(super) covers: Vec<Cover>,
    /// Statements that overwrite data of a column's own: the step, the column, and with what.
    pub(super) overwriting: Vec<(usize, ColumnId, String)>,
    /// Tables that refer to others by foreign keys of the plan, each with the one that it refers to.
    pub(super) references: Vec<(Name, Name)>,
    /// Columns that influence each other.
    pub(super) links: Vec<(ColumnId, ColumnId)>,
    /// The applications that some statement deploys.
    deployed: Vec<bool>,
    /// Answers questions about values.
    pub(super) judge: Rc<Judge>,
    rules: Rules,
    /// For each application the columns that it reads and that could not be null when it first started.
    never_null: Vec<Option<BTreeSet<ColumnId>>>,
    /// For each application the tables into which it never inserts.
    excused: Vec<BTreeSet<Name>>,
    /// For each application the columns that its inserts give a value.
    inserted: Vec<FxHashSet<ColumnId>>,
}

impl Survey {
    pub(super) fn new(plan: &Plan, rules: Rules, judge: &Rc<Judge>) -> Self {
        let mut survey = Self {
            judge: Rc::clone(judge),
            rules,
            columns: BTreeMap::new(),
            by_name: FxHashMap::default(),
            pairings: Vec::new(),
            unfollowed: Vec::new(),
            covers: Vec::new(),
            overwriting: Vec::new(),
            references: Vec::new(),
            links: Vec::new(),
            deployed: plan.apps.iter().map(|app| !plan.start.is_live(&app.name)).collect(),
            never_null: plan.apps.iter().map(|_| None).collect(),
            excused: Vec::new(),
            inserted: Vec::new(),
        };
        survey.note_started(plan, &plan.start);
        for table in plan.start.tables() {
            survey.note_table(table, None);
        }
        let (mut catalog, mut copies, mut turns) = (plan.start.clone(), Copies::default(), Turns::default());
        for step in &plan.steps {
            survey.follow((step.index, &step.action), &catalog, &mut copies);
            let known = (&**judge, &*plan.samples);
            let covers = turns.follow((step.index, &step.action), &catalog, known);
            covers.into_iter().for_each(|cover| survey.note_cover(cover));
            catalog.apply(&step.action);
            if matches!(step.action, Action::Deploy(_)) {
                survey.note_started(plan, &catalog);
            }
        }
        let ids = |name: &ColumnName| survey.by_name.get(name).into_iter().flatten().copied();
        let of = |app: &AppUse| app.inserts.iter().flat_map(|inserts| &inserts.columns).flat_map(ids).collect();
        survey.inserted = plan.apps.iter().map(of).collect();
        survey.excused = plan.apps.iter().enumerate().map(|(at, app)| survey.excuses(plan, at, app)).collect();
        survey
    }

    /// Notes what those applications find that have just started for the first time.
    fn note_started(&mut self, plan: &Plan, catalog: &Catalog) {
        for (app, found) in plan.apps.iter().zip(&mut self.never_null) {
            if found.is_some() || !catalog.is_live(&app.name) {
                continue;
            }
            let bound = |name: &ColumnName| {
                let table = catalog.table(&name.table)?;
                let column = table.column(&name.column)?;
                let holds = matches!(column.not_null, NotNull::Validated | NotNull::Yes) || in_key(table, column.id);
                holds.then_some(column.id)
            };
            *found = Some(app.reads.iter().filter_map(bound).collect());
        }
    }

    fn note_table(&mut self, table: &Table, added: Option<usize>) {
        table.columns().for_each(|column| self.note_column(table, column, added));
    }

    fn note_column(&mut self, table: &Table, column: &Column, added: Option<usize>) {
        let name = ColumnName { table: table.name.clone(), column: column.name.clone() };
        self.by_name.entry(name.clone()).or_default().push(column.id);
        let bound = column.not_null != NotNull::No || in_key(table, column.id) || is_checked(table, column);
        let origin = Origin { name, nullable: !bound, ever_not_null: bound, touched: added.is_some(), added };
        self.columns.insert(column.id, origin);
    }

    fn follow(&mut self, (index, action): (usize, &Action), catalog: &Catalog, copies: &mut Copies) {
        let effect = action.effect(catalog);
        effect.names.iter().for_each(|column| self.touch(*column));
        if let Some((column, not_null)) = effect.not_null
            && not_null != NotNull::No
            && let Some(origin) = self.columns.get_mut(&column)
        {
            origin.ever_not_null = true;
        }
        for (table, column) in &effect.adds {
            let table = effect.adds_table.or_else(|| catalog.table(table));
            table.into_iter().for_each(|table| self.note_column(table, column, Some(index)));
        }
        for (table, constraint) in &effect.adds_constraints {
            if let ConstraintKind::ForeignKey { table: to, .. } = &constraint.kind {
                self.references.push(((*table).clone(), to.clone()));
            }
        }
        let unique = effect.adds_constraints.iter().filter_map(|(_, added)| added.kind.unique_columns());
        // Two rows that meet in a unique constraint of the plan agree on all its columns.
        unique.filter(|columns| (2..=MOST_INPUTS).contains(&columns.len())).for_each(|all| self.link(all[0], all));
        effect.fills.iter().for_each(|filling| self.follow_filling(index, filling, &effect, catalog));
        let joins = effect.adds_syncs.iter().filter_map(|sync| Some((sync, sync.join.as_ref()?)));
        joins.for_each(|(sync, join)| {
            self.pair(&sync.source_table, &sync.target_table, [join.source_key, join.target_key]);
        });
        self.follow_copy(index, catalog, &effect, copies);
        if let Some((_, constraint)) = effect.adds_constraint()
            && let ConstraintKind::Check { condition, columns, .. } = &constraint.kind
            && is_decided_by_nulls(condition)
            && let Some(first) = columns.first()
        {
            self.link(*first, columns);
        }
        if let Some((table, condition)) = effect.verifies.filter(|(_, condition)| is_decided_by_nulls(condition)) {
            let columns = inputs(catalog, table, condition);
            if let Some(first) = columns.first() {
                self.link(*first, &columns);
            }
        }
    }

    /// Notes what a column gets its values from.
    fn follow_filling(&mut self, index: usize, filling: &Filling<'_>, effect: &Effect<'_>, catalog: &Catalog) {
        let Filling { kind, column, sources, .. } = filling;
        // What a statement overwrites that goes through rows is for whoever knows their values.
        if *kind == FillingKind::Sync {
            self.note_overwriting(index, *column, sources);
        }
        if *kind != FillingKind::Copy || !self.is_at_start(*column) {
            self.link(*column, sources);
        }
        let filter = effect.filter.filter(|(_, filter)| *kind != FillingKind::Copy && is_decided_by_nulls(filter));
        if let Some((table, filter)) = filter {
            self.link(*column, &inputs(catalog, table, filter));
        }
    }

    /// Notes a sync that overwrites data that a column had before the plan, which the model does not follow.
    fn note_overwriting(&mut self, index: usize, target: ColumnId, sources: &[ColumnId]) {
        let other = sources.iter().find(|source| **source != target && self.is_at_start(**source));
        if let Some(other) = other.filter(|_| self.is_at_start(target)) {
            let with = format!("`{}`", self.name(*other));
            self.overwriting.push((index, target, with));
        }
    }

    fn follow_copy(&mut self, index: usize, catalog: &Catalog, effect: &Effect<'_>, copies: &mut Copies) {
        let copied: Vec<&Filling<'_>> =
            effect.fills.iter().filter(|filling| filling.kind == FillingKind::Copy).collect();
        let Some(Filling { from, table: to, .. }) = copied.first() else { return };
        let (Some(source), Some(target)) = (catalog.table(from), catalog.table(to)) else { return };
        let pair = copied.iter().find_map(|Filling { column, value, .. }| {
            let key = catalog.column(from, value.as_plain_column()?)?.id;
            (target.is_unique(*column) && source.is_unique(key)).then_some([key, *column])
        });
        let Some(keys) = pair else { return self.unfollowed.push((index, copies::unpaired(from, to))) };
        let key = self.name(keys[1]);
        if !copies::are_the_same(source, target, keys, self.is_at_start(keys[1])) {
            return self.unfollowed.push((index, copies::own_rows(from, to, &key.column)));
        }
        self.pair(from, to, keys);
        let held = copied.iter().map(|filling| filling.column).filter(|column| *column != keys[1]);
        let held = held.filter(|column| self.is_at_start(*column));
        let mut whys: Vec<String> = held.map(|column| copies::held_data(&self.name(column))).collect();
        whys.extend(copies.follow(&copied, &key));
        self.unfollowed.extend(whys.into_iter().map(|why| (index, why)));
    }

    /// Notes statements that fill all rows between them. Whether a row still is as it was is known where its columns are
    /// followed together.
    fn note_cover(&mut self, cover: Cover) {
        // All columns of a copied table would be too many.
        if cover.to == [cover.table.clone()] {
            cover.targets.iter().for_each(|target| self.link(*target, &cover.read));
        }
        self.covers.push(cover);
    }

    fn touch(&mut self, column: ColumnId) {
        if let Some(origin) = self.columns.get_mut(&column) {
            origin.touched = true;
        }
    }

    fn link(&mut self, target: ColumnId, sources: &[ColumnId]) {
        self.links.extend(sources.iter().filter(|source| **source != target).map(|source| (target, *source)));
    }

    /// Two tables are paired once, from the one that is there first.
    fn pair(&mut self, from: &Name, to: &Name, keys: [ColumnId; 2]) {
        let same = |pairing: &Pairing| {
            (pairing.from == *from && pairing.to == *to) || (pairing.from == *to && pairing.to == *from)
        };
        if !self.pairings.iter().any(same) {
            let earlier = keys[0] <= keys[1];
            let pairing = if earlier {
                Pairing { from: from.clone(), to: to.clone(), keys }
            } else {
                Pairing { from: to.clone(), to: from.clone(), keys: [keys[1], keys[0]] }
            };
            self.pairings.push(pairing);
        }
    }

    /// Whether a column is one by which rows of two tables are paired: it never changes, and is known to both.
    pub(super) fn is_pairing_key(&self, column: ColumnId) -> bool {
        self.pairings.iter().any(|pairing| pairing.keys.contains(&column))
    }

    /// The columns that have the name of one, at whatever time.
    pub(super) fn of_same_name(&self, column: ColumnId) -> &[ColumnId] {
        let ids = self.columns.get(&column).and_then(|origin| self.by_name.get(&origin.name));
        ids.map_or(&[], Vec::as_slice)
    }

    /// Whether the column that a fact is called by has come when so many statements have ended.
    pub(super) fn is_known(&self, fact: ColumnId, position: usize) -> bool {
        self.columns.get(&fact).is_none_or(|origin| origin.added.is_none_or(|step| step < position))
    }

    /// Whether a column is in the schema that the plan starts from.
    pub(super) fn is_at_start(&self, column: ColumnId) -> bool {
        self.columns.get(&column).is_some_and(Origin::at_start)
    }

    /// Whether the model has a rule.
    pub(super) fn has(&self, rule: Rule) -> bool {
        self.rules.has(rule)
    }

    /// Whether an application is deployed by the plan, and so knows its constraints on columns that it writes.
    pub(super) fn is_deployed(&self, app: usize) -> bool {
        self.deployed[app] && self.has(Rule::ConstraintsAreKnown)
    }

    /// Whether an application reads a column that could not be null when it first started.
    pub(super) fn expects_value(&self, app: usize, column: ColumnId) -> bool {
        self.has(Rule::NotNullIsTrusted) && self.never_null[app].as_ref().is_some_and(|found| found.contains(&column))
    }

    /// Whether an application never inserts into a table, since it could not even before the plan.
    pub(super) fn is_excused(&self, app: usize, table: &str) -> bool {
        self.excused[app].contains(table)
    }

    /// Whether the inserts of an application give a column a value.
    pub(super) fn inserts(&self, app: usize, column: ColumnId) -> bool {
        self.inserted[app].contains(&column)
    }

    /// Whether a column is given a value by whoever inserts, though nobody says that he writes it.
    pub(super) fn is_given(&self, table: &Table, column: &Column, apps: &[AppUse]) -> bool {
        let origin = self.columns.get(&column.id);
        let name = origin.map(|origin| &origin.name);
        in_key(table, column.id)
            || column.not_null != NotNull::No
                && column.default.is_none()
                && origin.is_some_and(|origin| origin.at_start() && !origin.touched)
                && !apps.iter().any(|app| app.writes.iter().any(|written| Some(written) == name))
    }

    fn excuses(&self, plan: &Plan, at: usize, app: &AppUse) -> BTreeSet<Name> {
        if self.deployed[at] {
            return BTreeSet::new();
        }
        let needs = |table: &Table, column: &Column| {
            let given = app.inserts_into(&table.name).into_iter().flat_map(|inserts| &inserts.columns);
            let written = given.into_iter().any(|given| given.column == column.name);
            let bound = column.not_null != NotNull::No && column.default.is_none();
            bound && !written && !self.is_given(table, column, &plan.apps)
        };
        let tables = plan.start.tables().filter(|table| table.columns().any(|column| needs(table, column)));
        tables.map(|table| table.name.clone()).collect()
    }

    /// Whether an application may write null to a column.
    pub(super) fn may_write_null(&self, plan: &Plan, app: usize, column: ColumnId) -> bool {
        let Some(origin) = self.columns.get(&column).filter(|_| self.has(Rule::NullWrites)) else { return false };
        if !self.deployed[app] && origin.at_start() {
            return origin.nullable;
        }
        let facts = plan.facts.of(column).iter();
        !origin.ever_not_null && facts.filter_map(|fact| self.columns.get(fact)).all(|origin| origin.nullable)
    }

    /// Whether an application uses a column that carries a fact.
    pub(super) fn knows(&self, plan: &Plan, app: usize, fact: ColumnId) -> bool {
        let carries = |column: &ColumnId| plan.facts.of(*column).contains(&fact);
        let mut ids = plan.apps[app].uses().filter_map(|used| self.by_name.get(used)).flatten();
        ids.any(carries)
    }

    /// The name of a column.
    pub(super) fn name(&self, column: ColumnId) -> ColumnName {
        let unknown = || ColumnName { table: "?".into(), column: "?".into() };
        self.columns.get(&column).map_or_else(unknown, |origin| origin.name.clone())
    }
}

/// Whether a column is in the primary key of its table.
pub(super) fn in_key(table: &Table, column: ColumnId) -> bool {
    table.primary_key().is_some_and(|key| key.contains(&column))
}

/// Whether a check lets no row have a null in a column, whatever else is null.
fn is_checked(table: &Table, column: &Column) -> bool {
    table.constraints_of(column.id).any(|constraint| match &constraint.kind {
        ConstraintKind::Check { condition, validated: true, .. } => {
            let inputs = condition.inputs();
            let own = inputs.iter().position(|input| *input == column.name);
            let is_false = |nulls: u32| {
                let null = |at: usize| Some(at) == own || nulls >> at & 1 == 1;
                condition.known(&null) == Nullness::NotNull(Some(false))
            };
            own.is_some() && inputs.len() <= MOST_INPUTS && (0..1_u32 << inputs.len()).all(is_false)
        }
        _ => false,
    })
}

/// The columns that an expression reads.
pub(super) fn inputs(catalog: &Catalog, table: &str, value: &Expression) -> Vec<ColumnId> {
    catalog.inputs(table, value).collect()
}

/// Whether it is known of a condition, for some inputs, whether it is true, when it is only known which are null.
pub(super) fn is_decided_by_nulls(condition: &Expression) -> bool {
    let count = condition.inputs().len();
    if count == 0 || count > MOST_INPUTS {
        return false;
    }
    let known = |pattern: u32| condition.known(&|at| pattern >> at & 1 == 1);
    (0..1_u32 << count).any(|pattern| matches!(known(pattern), Nullness::NotNull(Some(_))))
}
