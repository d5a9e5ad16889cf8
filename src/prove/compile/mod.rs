//! From a plan to a model for each group of linked columns.
//!
//! One walk along the plan: where a statement changes something for a group, the stretch since the last such statement
//! becomes a layer of its model. Events are worked out once, as operations on the bits of a state, and not again for
//! each state.

mod apps;
mod brought;
mod computed;
mod constraints;
mod fills;
mod finder;
mod image;
mod indexed;
mod inserted;
mod known_references;
mod left_behind;
mod left_out;
mod meetings;
mod missing;
mod old_rows;
mod past;
mod reads;
mod record;
mod references;
mod scene;
mod steps;
mod unique;
mod unknown_defaults;
mod values;
mod verified;

use crate::catalog::{Catalog, ColumnId, NotNull, Sync, Table};
use crate::obligations::Witness;
use crate::plan::{Effect, Plan};
use crate::prove::groups::{Group, groups};
use crate::prove::layout::{KeptBits, Layout};
use crate::prove::model::{Layer, Model};
use crate::prove::proof::{Assumption, Condition, Outside, Undecided};
use crate::prove::put_back;
use crate::prove::rule::Rule;
use crate::prove::survey::{Survey, in_key};
use crate::prove::word::Word;
use finder::Finder;
use missing::Missing;
use record::Record;
use scene::{LayerScene, Share};
use verified::Verified;

pub(super) use steps::VERIFIED;

/// Tables whose rows may belong together in one group.
const MOST_TABLES: usize = 4;

/// Columns that may be null at the start, of which each set is looked at.
const MOST_NULLABLE: usize = 8;

/// A group, compiled, with what there is to say beside its model.
pub(super) struct Compiled {
    pub(super) group: Group,
    pub(super) layout: Layout,
    /// The columns that are there in each layer.
    present: Vec<Vec<ColumnId>>,
    /// The statements that end layers because they change something.
    stops: Vec<usize>,
    pub(super) model: SizedModel,
    pub(super) undecided: Vec<Undecided>,
    pub(super) conditions: Vec<Condition>,
    pub(super) witnesses: Vec<Witness>,
    pub(super) assumptions: Vec<Assumption>,
    pub(super) outside: Vec<Outside>,
}

impl Compiled {
    /// The statements that concern the group.
    pub(super) fn steps(&self, plan: &Plan) -> Vec<usize> {
        self.stops.iter().copied().filter(|step| *step < plan.steps.len()).collect()
    }

    /// With what was gathered while it was compiled.
    fn with<W>(self, record: Record<W>, sized: fn(Model<W>) -> SizedModel) -> Self {
        let Record { model, undecided, conditions, witnesses, assumptions, outside, .. } = record;
        Self { model: sized(model), undecided, conditions, witnesses, assumptions, outside, ..self }
    }

    /// Whether a column is there in a layer.
    pub(super) fn has(&self, layer: usize, column: ColumnId) -> bool {
        self.present[layer].contains(&column)
    }
}

/// A model whose states fit a word of this size.
pub(super) enum SizedModel {
    /// The usual.
    Small(Model<u64>),
    /// Many columns.
    Large(Model<u128>),
    /// Too many columns.
    TooLarge,
}

/// Compiles the groups of a plan that are `wanted`.
pub(super) fn compile(plan: &Plan, survey: &Survey, wanted: &dyn Fn(&Group) -> bool) -> Vec<Compiled> {
    let groups: Vec<Group> = groups(plan, survey).into_iter().filter(wanted).collect();
    let finder = Finder::new(plan, survey, &groups);
    let mut shares = finder.shares().into_iter();
    let mut builds: Vec<Build<'_>> =
        groups.into_iter().map(|group| Build::new(plan, survey, group, shares.next().unwrap_or_default())).collect();
    let mut missing = Missing::new(plan);
    let mut catalog = plan.start.clone();
    let (mut changed, mut filled) = (Vec::new(), Vec::new());
    let mut verified = verified::at_start(plan);
    builds.iter_mut().for_each(|build| build.start(&missing));
    for step in &plan.steps {
        for group in finder.concerned(&step.action, &catalog) {
            let build = &mut builds[group];
            // What happens while rows are visited happens at that statement, not before.
            if step.action.over().is_some() && step.index > build.from {
                build.stop(Stop {
                    step: step.index - 1,
                    catalog: &catalog,
                    missing: &missing,
                    changed: &changed,
                    verified: &verified,
                    filled: &filled,
                    matters: false,
                });
            }
            build.stop(Stop {
                step: step.index,
                catalog: &catalog,
                missing: &missing,
                changed: &changed,
                verified: &verified,
                filled: &filled,
                matters: true,
            });
        }
        let effect = step.action.effect(&catalog);
        missing.follow(&effect, &catalog);
        let new = changed_by(&effect, &catalog);
        if effect.adds_syncs.is_empty() {
            filled.extend(new.iter().copied());
        }
        catalog.apply(&step.action);
        verified::follow(&mut verified, plan, (&effect, &new), &catalog);
        changed.extend(new);
    }
    let end = Stop {
        step: plan.steps.len(),
        catalog: &catalog,
        missing: &missing,
        changed: &changed,
        filled: &filled,
        verified: &verified,
        matters: true,
    };
    builds.iter_mut().for_each(|build| build.stop(end));
    builds.into_iter().map(Build::finish).collect()
}

/// The columns whose rows are not what they were once a statement has ended: those that it fills; where it may bring
/// rows, all of the table.
fn changed_by(effect: &Effect<'_>, catalog: &Catalog) -> Vec<ColumnId> {
    let mut changed = Vec::new();
    for filling in &effect.fills {
        changed.push(filling.column);
        if filling.table != filling.from {
            let table = catalog.table(filling.table);
            changed.extend(table.into_iter().flat_map(|table| table.columns()).map(|column| column.id));
        }
    }
    changed
}

/// A place where a layer ends.
#[derive(Clone, Copy)]
struct Stop<'a> {
    /// The statement that ends it.
    step: usize,
    /// The schema before it.
    catalog: &'a Catalog,
    missing: &'a Missing<'a>,
    /// Columns that statements before it have filled, or that a sync may fill since.
    changed: &'a [ColumnId],
    /// What rows were seen to satisfy.
    verified: &'a [Verified],
    /// Those of them that a statement has filled in every row.
    filled: &'a [ColumnId],
    /// It changes something for the group.
    matters: bool,
}

/// A group on its way to a model.
struct Build<'a> {
    ground: Ground<'a>,
    draft: SizedRecord,
    /// How many statements had ended when the layer under way began.
    from: usize,
    /// The statement that ended the layer before it.
    before: Option<usize>,
    present: Vec<Vec<ColumnId>>,
    stops: Vec<usize>,
}

/// What was gathered so far.
enum SizedRecord {
    Small(Record<u64>),
    Large(Record<u128>),
    TooLarge,
}

impl<'a> Build<'a> {
    fn new(plan: &'a Plan, survey: &'a Survey, group: Group, shares: Vec<Share<'a>>) -> Self {
        let is_new = |fact: ColumnId| survey.columns.get(&fact).is_some_and(|origin| !origin.at_start());
        let restored = put_back::restored(plan);
        let covers = left_out::covers(plan, survey, &group);
        let layout = Layout::new(&group.tables, &group.columns, &plan.facts, &is_new, restored, covers.into_iter());
        let draft = match layout.width {
            _ if group.tables.len() > MOST_TABLES => SizedRecord::TooLarge,
            0..=64 => SizedRecord::Small(Record::new()),
            65..=128 => SizedRecord::Large(Record::new()),
            _ => SizedRecord::TooLarge,
        };
        let ground = Ground { plan, survey, group, layout, shares };
        Self { ground, draft, from: 0, before: None, present: Vec::new(), stops: Vec::new() }
    }

    fn start(&mut self, missing: &Missing<'_>) {
        match &mut self.draft {
            SizedRecord::Small(record) => self.ground.start(record, missing),
            SizedRecord::Large(record) => self.ground.start(record, missing),
            SizedRecord::TooLarge => {}
        }
    }

    /// Ends a layer.
    fn stop(&mut self, stop: Stop<'_>) {
        let (from, before) = (self.from, self.before);
        match &mut self.draft {
            SizedRecord::Small(record) => self.ground.push_layer(stop, from, before, record),
            SizedRecord::Large(record) => self.ground.push_layer(stop, from, before, record),
            SizedRecord::TooLarge => {}
        }
        self.from = stop.step + 1;
        self.before = Some(stop.step);
        self.present.push(self.ground.present(stop.catalog));
        if stop.matters {
            self.stops.push(stop.step);
        }
    }

    fn finish(self) -> Compiled {
        let Self { ground, present, stops, .. } = self;
        let (group, layout) = (ground.group.clone(), ground.layout.clone());
        let base = Compiled {
            group,
            layout,
            present,
            stops,
            model: SizedModel::TooLarge,
            undecided: Vec::new(),
            conditions: Vec::new(),
            witnesses: Vec::new(),
            assumptions: Vec::new(),
            outside: Vec::new(),
        };
        match self.draft {
            SizedRecord::Small(record) => base.with(record, SizedModel::Small),
            SizedRecord::Large(record) => base.with(record, SizedModel::Large),
            SizedRecord::TooLarge => Compiled { outside: vec![ground.too_large()], ..base },
        }
    }
}

/// What a group's model is made from, wherever in the plan.
struct Ground<'a> {
    plan: &'a Plan,
    survey: &'a Survey,
    group: Group,
    layout: Layout,
    /// What each application uses of the group.
    shares: Vec<Share<'a>>,
}

impl Ground<'_> {
    fn scene<'s>(&'s self, stop: Stop<'s>, syncs: &'s [&'s Sync]) -> LayerScene<'s> {
        let Self { plan, survey, group, layout, shares } = self;
        let Stop { catalog, missing, changed, filled, verified, .. } = stop;
        LayerScene { plan, survey, group, layout, shares, catalog, missing, syncs, changed, verified, filled }
    }

    fn present(&self, catalog: &Catalog) -> Vec<ColumnId> {
        let is_there = |(column, table): &&(ColumnId, usize)| {
            catalog.table(&self.group.tables[*table]).is_some_and(|table| table.column_by_id(*column).is_some())
        };
        self.group.columns.iter().filter(is_there).map(|(column, _)| *column).collect()
    }

    fn too_large(&self) -> Outside {
        let first = self.group.columns.first().map(|(column, _)| self.survey.name(*column));
        let name = first.map_or_else(String::new, |name| name.to_string());
        let why = format!("`{name}` is linked with {} columns, more than are explored", self.group.columns.len() - 1);
        Outside { step: None, why }
    }

    fn start<W: Word>(&self, record: &mut Record<W>, missing: &Missing<'_>) {
        let (changed, filled, verified) = (&[][..], &[][..], &[][..]);
        let start = Stop { step: 0, catalog: &self.plan.start, missing, changed, filled, verified, matters: false };
        self.starts(self.scene(start, &[]), record);
        for (step, why) in &self.survey.unfollowed {
            let effect = self.plan.steps[*step].action.effect(&self.plan.start);
            if effect.changes.first().is_some_and(|to| self.group.tables.contains(to)) {
                record.leave_outside(Some(*step), why.clone());
            }
        }
        self.note_values(record);
    }

    /// Notes what may become of values that the model does not follow.
    fn note_values<W: Word>(&self, record: &mut Record<W>) {
        let is_own = |column: &ColumnId| self.layout.columns.contains_key(column);
        for (step, column, with) in self.survey.overwriting.iter().filter(|(_, column, _)| is_own(column)) {
            let name = self.survey.name(*column);
            let why = format!("`{name}` already holds other data, and this overwrites it with {with}");
            record.leave_outside(Some(*step), why);
        }
    }

    fn push_layer<W: Word>(&self, stop: Stop<'_>, from: usize, before: Option<usize>, record: &mut Record<W>) {
        let syncs = scene::syncs(&self.group, self.survey, stop.catalog);
        let scene = self.scene(stop, &syncs);
        let layer = self.layer(scene, stop, from, before, record);
        record.model.layers.push(layer);
    }

    fn layer<W: Word>(
        &self,
        scene: LayerScene<'_>,
        stop: Stop<'_>,
        from: usize,
        before: Option<usize>,
        record: &mut Record<W>,
    ) -> Layer<W> {
        let step = Some(stop.step).filter(|step| *step < self.plan.steps.len());
        let matters = step.filter(|_| stop.matters);
        let mut layer = Layer {
            from,
            step,
            acts: Vec::new(),
            visits: Vec::new(),
            reads: Vec::new(),
            nulls: Vec::new(),
            broken: Vec::new(),
            lost: reads::lost(scene, from, record),
            ends: Vec::new(),
            undo: before.map_or_else(Vec::new, |step| steps::undo(scene, step, record)),
            restore: steps::restore(scene, matters.into_iter().chain(before)),
            enter: steps::unvisited(scene, matters),
            collisions: Vec::new(),
        };
        let live = |app: &usize| stop.catalog.is_live(&self.plan.apps[*app].name);
        for app in (0..self.plan.apps.len()).filter(live) {
            layer.broken.extend(reads::broken(scene, app, record));
            layer.reads.extend(reads::reads(scene, app, record));
            layer.nulls.extend(reads::nulls(scene, app, record));
            apps::acts(scene, app, record, &mut layer.acts);
            references::acts(scene, app, record, &mut layer.acts);
        }
        match (matters, step) {
            (Some(step), _) => {
                layer.visits = fills::visits(scene, step, record);
                layer.ends = steps::ends(scene, step, record);
            }
            (None, Some(step)) => layer.ends = vec![steps::passing(step, record)],
            (None, None) => {}
        }
        layer.collisions = std::mem::take(&mut record.collisions);
        if !scene.has(Rule::RowsMeet) {
            layer.collisions.clear();
        }
        layer
    }

    /// The states of a row at the start: each column that may be null is, or is not.
    fn starts<W: Word>(&self, scene: LayerScene<'_>, record: &mut Record<W>) {
        let all = W::bits(0..self.layout.width);
        let others = W::bits(self.layout.written.values().copied());
        let tables = W::bits(self.layout.tables.iter().flat_map(|table| [table.exists, table.gone]));
        let kept = W::bits(self.layout.kept.values().flat_map(KeptBits::all));
        let left_out = W::bits(self.layout.left_out.iter().map(|left| left.at));
        let absent = all & !others & !tables & !kept & !left_out;
        record.model.absent = absent;
        for (_, exists) in scene.rows::<W>() {
            if !exists.contains(&true) || !is_whole(scene, &exists) {
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
            let broken = constraints::broken_at_start(scene);
            let admitted =
                nulls(scene, &exists, row).into_iter().filter(|row| !broken.iter().any(|at| at.matches(*row)));
            record.model.existing.extend(admitted);
        }
        record.model.existing.sort_unstable();
        record.model.existing.dedup();
    }
}

/// Whether rows may be there in just these tables: none refers to one that is missing.
fn is_whole(scene: LayerScene<'_>, exists: &[bool]) -> bool {
    let there = (0..exists.len()).filter(|table| exists[*table]);
    there.into_iter().all(|table| constraints::partners(scene, table).all(|parent| exists[parent]))
}

/// A row with each of its columns that may be null set, or null.
fn nulls<W: Word>(scene: LayerScene<'_>, exists: &[bool], row: W) -> Vec<W> {
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
    if !scene.has(Rule::NullsAtStart) {
        return vec![row];
    }
    let with = |pattern: u32| {
        let set = nullable.iter().enumerate().filter(|(at, _)| pattern >> at & 1 == 1);
        row | W::bits(set.map(|(_, bit)| *bit))
    };
    (0..1_u32 << nullable.len()).map(with).collect()
}
