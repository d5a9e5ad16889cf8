//! From a plan to a model for each group of linked columns.
//!
//! One walk along the plan: where a statement changes something for a group, the stretch since the last such statement
//! becomes a layer of its model. Events are worked out once, as operations on the bits of a state, and not again for
//! each state.

mod apps;
mod constraints;
mod fills;
mod image;
mod reads;
mod record;
mod scene;
mod steps;

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::ast::Name;
use crate::catalog::{Catalog, ColumnId, NotNull, Table};
use crate::plan::{Action, Plan};
use crate::prove::groups::{Group, groups};
use crate::prove::layout::Layout;
use crate::prove::model::{Layer, Model};
use crate::prove::proof::{Assumption, Outside, Undecided};
use crate::prove::survey::{Survey, in_key};
use crate::prove::word::Word;
use record::Record;
use scene::Scene;

/// Tables whose rows may belong together in one group.
const MOST_TABLES: usize = 4;

/// Columns that may be null at the start, of which each set is looked at.
const MOST_NULLABLE: usize = 8;

/// A group, compiled, with what there is to say beside its model.
pub(super) struct Compiled {
    pub(super) group: Group,
    pub(super) layout: Layout,
    /// The schema of each layer.
    pub(super) catalogs: Vec<Catalog>,
    /// The statements that end layers because they change something.
    stops: Vec<usize>,
    pub(super) model: Sized,
    pub(super) undecided: Vec<Undecided>,
    pub(super) assumptions: Vec<Assumption>,
    pub(super) outside: Vec<Outside>,
}

impl Compiled {
    /// The statements that concern the group.
    pub(super) fn steps(&self, plan: &Plan) -> Vec<usize> {
        self.stops.iter().copied().filter(|step| *step < plan.steps.len()).collect()
    }
}

/// A model whose states fit a word of this size.
pub(super) enum Sized {
    /// The usual.
    Small(Model<u64>),
    /// Many columns.
    Large(Model<u128>),
    /// Too many columns.
    TooLarge,
}

/// Compiles the groups of a plan that are `wanted`.
pub(super) fn compile(plan: &Plan, survey: &Survey, wanted: &dyn Fn(&Group) -> bool) -> Vec<Compiled> {
    let groups = groups(plan, survey).into_iter().filter(wanted);
    let is_new = |fact: ColumnId| survey.columns.get(&fact).is_some_and(|origin| !origin.at_start);
    let laid: Vec<(Group, Layout)> = groups
        .map(|group| {
            let layout = Layout::new(&group.tables, &group.columns, &plan.facts, &is_new);
            (group, layout)
        })
        .collect();
    let stops = stops(plan, survey, &laid);
    laid.into_iter().zip(stops).map(|((group, layout), stops)| one(plan, survey, group, layout, stops)).collect()
}

fn one(plan: &Plan, survey: &Survey, group: Group, layout: Layout, stops: Stops) -> Compiled {
    let build = Build { plan, survey, group: &group, layout: &layout, stops: &stops };
    let catalogs = || stops.iter().map(|stop| stop.catalog.clone()).collect();
    let places = stops.iter().filter(|stop| stop.matters).map(|stop| stop.step).collect();
    if group.tables.len() > MOST_TABLES || layout.width > u128::BITS {
        let outside = vec![build.too_large()];
        let (undecided, assumptions, catalogs) = (Vec::new(), Vec::new(), catalogs());
        return Compiled {
            group,
            layout,
            catalogs,
            stops: places,
            model: Sized::TooLarge,
            undecided,
            assumptions,
            outside,
        };
    }
    let catalogs = catalogs();
    if layout.width <= u64::BITS {
        let Record { model, undecided, assumptions, outside } = build.run::<u64>();
        Compiled { group, layout, catalogs, stops: places, model: Sized::Small(model), undecided, assumptions, outside }
    } else {
        let Record { model, undecided, assumptions, outside } = build.run::<u128>();
        Compiled { group, layout, catalogs, stops: places, model: Sized::Large(model), undecided, assumptions, outside }
    }
}

/// A place where a layer ends.
struct Stop {
    /// The statement that ends it.
    step: usize,
    /// The schema before it.
    catalog: Catalog,
    /// It changes something for the group.
    matters: bool,
}

/// The places of a plan that matter to a group.
type Stops = Vec<Stop>;

/// Finds the places that matter to each group.
fn stops(plan: &Plan, survey: &Survey, groups: &[(Group, Layout)]) -> Vec<Stops> {
    let finder = Finder::new(plan, survey, groups);
    let mut stops: Vec<Stops> = groups.iter().map(|_| Vec::new()).collect();
    let mut catalog = plan.start.clone();
    for step in &plan.steps {
        for group in finder.concerned(&step.action, &catalog) {
            let stops = &mut stops[group];
            let last = stops.last().map(|stop| stop.step);
            // What happens while rows are visited happens at that statement, not before.
            if goes_over_rows(&step.action) && step.index > 0 && last != Some(step.index - 1) {
                stops.push(Stop { step: step.index - 1, catalog: catalog.clone(), matters: false });
            }
            stops.push(Stop { step: step.index, catalog: catalog.clone(), matters: true });
        }
        catalog.apply(&step.action);
    }
    let last = plan.steps.len();
    stops.iter_mut().for_each(|stops| stops.push(Stop { step: last, catalog: catalog.clone(), matters: true }));
    stops
}

fn goes_over_rows(action: &Action) -> bool {
    matches!(action, Action::Fill { .. } | Action::Copy { .. })
}

/// Finds the groups that an action changes something for.
struct Finder<'a> {
    plan: &'a Plan,
    survey: &'a Survey,
    by_column: FxHashMap<ColumnId, usize>,
    by_table: FxHashMap<Name, Vec<usize>>,
}

impl<'a> Finder<'a> {
    fn new(plan: &'a Plan, survey: &'a Survey, groups: &[(Group, Layout)]) -> Self {
        let mut by_column = FxHashMap::default();
        let mut by_table: FxHashMap<Name, Vec<usize>> = FxHashMap::default();
        for (at, (group, _)) in groups.iter().enumerate() {
            by_column.extend(group.columns.iter().map(|(column, _)| (*column, at)));
            for table in &group.tables {
                by_table.entry(table.clone()).or_default().push(at);
            }
        }
        Self { plan, survey, by_column, by_table }
    }

    fn concerned(&self, action: &Action, catalog: &Catalog) -> BTreeSet<usize> {
        let columns = steps::columns_of(action, catalog);
        let mut groups: BTreeSet<usize> = columns.iter().filter_map(|id| self.by_column.get(id)).copied().collect();
        match action {
            Action::AddTable(table) => self.add_table(&table.name, &mut groups),
            Action::DropTable(table) => self.add_table(table, &mut groups),
            Action::Copy { to, .. } => self.add_table(to, &mut groups),
            Action::AddSyncs(syncs) => {
                syncs.iter().filter(|sync| sync.join.is_some()).for_each(|sync| {
                    self.add_table(&sync.target_table, &mut groups);
                });
            }
            Action::DropSyncs(ids) => {
                let syncs = ids.iter().filter_map(|id| catalog.sync(*id)).filter(|sync| sync.join.is_some());
                syncs.for_each(|sync| self.add_table(&sync.target_table, &mut groups));
            }
            Action::DropConstraint { table, .. } | Action::AddConstraint { table, .. }
                if self.survey.pairings.iter().any(|pairing| pairing.to == *table || pairing.from == *table) =>
            {
                self.add_table(table, &mut groups);
            }
            Action::Fill { table, .. } => {
                let Some(table) = catalog.table(table) else { return groups };
                let unsure = table.columns().filter(|column| column.not_null == NotNull::NewWrites);
                groups.extend(unsure.filter_map(|column| self.by_column.get(&column.id)));
            }
            Action::Deploy(app) | Action::Retire(app) => {
                let app = self.plan.apps.iter().find(|usage| usage.name == *app);
                app.into_iter().flat_map(|app| app.uses()).for_each(|used| self.add_table(&used.table, &mut groups));
            }
            _ => {}
        }
        groups
    }

    fn add_table(&self, table: &Name, groups: &mut BTreeSet<usize>) {
        groups.extend(self.by_table.get(table).into_iter().flatten());
    }
}

struct Build<'a> {
    plan: &'a Plan,
    survey: &'a Survey,
    group: &'a Group,
    layout: &'a Layout,
    stops: &'a Stops,
}

impl<'a> Build<'a> {
    fn scene(&self, catalog: &'a Catalog) -> Scene<'a> {
        Scene { plan: self.plan, survey: self.survey, group: self.group, layout: self.layout, catalog }
    }

    fn too_large(&self) -> Outside {
        let first = self.group.columns.first().map(|(column, _)| self.survey.name(*column));
        let name = first.map_or_else(String::new, |name| name.to_string());
        let why = format!("`{name}` is linked with {} columns, more than are explored", self.group.columns.len() - 1);
        Outside { step: None, why }
    }

    fn run<W: Word>(&self) -> Record<W> {
        let mut record = Record::new();
        self.starts(&mut record);
        for step in &self.survey.unpaired {
            if let Action::Copy { from, to, .. } = &self.plan.steps[*step].action
                && self.group.tables.contains(to)
            {
                let why = format!(
                    "it is not said which row of `{to}` comes from which row of `{from}`: no unique column of one is \
                     copied to a unique column of the other"
                );
                record.leave_outside(Some(*step), why);
            }
        }
        let mut from = 0;
        let mut before: Option<usize> = None;
        for stop in self.stops {
            let layer = self.layer(stop, from, before, &mut record);
            before = layer.step;
            record.model.layers.push(layer);
            from = stop.step + 1;
        }
        record
    }

    fn layer<W: Word>(&self, stop: &'a Stop, from: usize, before: Option<usize>, record: &mut Record<W>) -> Layer<W> {
        let catalog = &stop.catalog;
        let scene = self.scene(catalog);
        let step = Some(stop.step).filter(|step| *step < self.plan.steps.len());
        let matters = step.filter(|_| stop.matters);
        let mut layer = Layer {
            from,
            step,
            acts: Vec::new(),
            visits: Vec::new(),
            reads: Vec::new(),
            broken: Vec::new(),
            lost: reads::lost(scene, record),
            ends: Vec::new(),
            undo: before.map_or_else(Vec::new, |step| steps::undo(scene, step, record)),
            enter: steps::unvisited(scene, matters),
        };
        let live = |app: &usize| catalog.is_live(&self.plan.apps[*app].name);
        for app in (0..self.plan.apps.len()).filter(live) {
            layer.broken.extend(reads::broken(scene, app, record));
            layer.reads.extend(reads::reads(scene, app, record));
            apps::acts(scene, app, record, &mut layer.acts);
        }
        match (matters, step) {
            (Some(step), _) => {
                layer.visits = fills::visits(scene, step, record);
                layer.ends = steps::ends(scene, step, record);
            }
            (None, Some(step)) => layer.ends = vec![steps::passing(step, record)],
            (None, None) => {}
        }
        layer
    }

    /// The states of a row at the start: each column that may be null is, or is not.
    fn starts<W: Word>(&self, record: &mut Record<W>) {
        let scene = self.scene(&self.plan.start);
        let all = W::bits(0..self.layout.width);
        let others = W::bits(self.layout.written.values().copied());
        let tables = W::bits(self.layout.tables.iter().flat_map(|table| [table.exists, table.gone]));
        let absent = all & !others & !tables;
        record.model.absent = absent;
        for (_, exists) in scene.rows::<W>() {
            if !exists.contains(&true) || !self.is_whole(scene, &exists) {
                continue;
            }
            let mut row = absent;
            for table in (0..exists.len()).filter(|table| exists[*table]) {
                row = row.with(self.layout.tables[table].exists, true) & !self.layout.columns_of::<W>(table);
                // What is not there yet stays as it is for a row that never was.
                let later = self.group.columns.iter().filter(|(column, place)| {
                    *place == table && scene.table(table).is_none_or(|table| table.column_by_id(*column).is_none())
                });
                row = later.fold(row, |row, (column, _)| row | self.layout.column(*column));
            }
            record.model.existing.extend(nulls(scene, &exists, row));
        }
        record.model.existing.sort_unstable();
        record.model.existing.dedup();
    }

    /// Whether rows may be there in just these tables: none refers to one that is missing.
    fn is_whole(&self, scene: Scene<'_>, exists: &[bool]) -> bool {
        let there = (0..exists.len()).filter(|table| exists[*table]);
        there.into_iter().all(|table| constraints::partners(scene, table).all(|parent| exists[parent]))
    }
}

/// A row with each of its columns that may be null set, or null.
fn nulls<W: Word>(scene: Scene<'_>, exists: &[bool], row: W) -> Vec<W> {
    let may_be_null = |table: &Table, column: ColumnId| {
        table.column_by_id(column).is_some_and(|column| column.not_null == NotNull::No) && !in_key(table, column)
    };
    let mut nullable = Vec::new();
    for table in (0..exists.len()).filter(|table| exists[*table]) {
        let Some(schema) = scene.table(table) else { continue };
        let columns = scene.columns_of(table).filter(|(column, _)| may_be_null(schema, column.id));
        nullable.extend(columns.map(|(_, bits)| bits.null));
    }
    if nullable.len() > MOST_NULLABLE {
        let each = nullable.iter().map(|at| row.with(*at, true));
        return each.chain([row, row | W::bits(nullable.iter().copied())]).collect();
    }
    let with = |pattern: u32| {
        let set = nullable.iter().enumerate().filter(|(at, _)| pattern >> at & 1 == 1);
        row | W::bits(set.map(|(_, bit)| *bit))
    };
    (0..1_u32 << nullable.len()).map(with).collect()
}
