//! Changes of a plan that may fix what was found. Each is tried: the changed plan is proved as any other.

use std::sync::Arc;

use crate::ast::Phase;
use crate::catalog::{Catalog, ColumnId, Constraint, ConstraintKind, NotNull, Sync, SyncId, Table};
use crate::expr::Expression;
use crate::plan::{Action, Effect, FillKind, Gate, Plan, Removal, Step};
use crate::prove::proof::{self, AnomalyKind, Insertion};

/// No more changes than these are tried for one finding.
const MOST_TRIED: usize = 200;

/// A changed plan.
pub(super) struct Change {
    pub(super) plan: Plan,
    /// What was changed, as an order.
    pub(super) text: String,
    /// The same as data.
    pub(super) order: proof::Change,
    pub(super) place: Option<Insertion>,
}

/// The changes to try against an anomaly of this kind, the likelier first. `steps` are the statements that concern it.
pub(super) fn changes<'p>(plan: &'p Plan, steps: &'p [usize], kind: AnomalyKind) -> impl Iterator<Item = Change> + 'p {
    let drafts = Drafts { plan, steps, catalogs: catalogs(plan) };
    let mut found = Vec::new();
    drafts.removals(&mut found);
    if kind == AnomalyKind::RejectedWrite {
        drafts.relaxations(&mut found);
        drafts.constraints(&mut found);
    }
    if matches!(kind, AnomalyKind::RejectedWrite | AnomalyKind::UnsetRead) {
        drafts.plain_defaults(&mut found);
    }
    drafts.syncs(&mut found);
    drafts.defaults(&mut found);
    drafts.conditions(&mut found);
    drafts.moves(&mut found);
    drafts.retirements(&mut found);
    drafts.backfills(&mut found);
    let served = is_served(plan);
    let ordered = found.into_iter().filter(|draft| in_order(&draft.steps));
    let whole = ordered.map(move |draft| Change {
        plan: plan.with_steps(draft.steps),
        text: draft.text,
        order: draft.change,
        place: draft.place,
    });
    whole.filter(move |change| is_sound(&change.plan) && (!served || is_served(&change.plan))).take(MOST_TRIED)
}

/// The schema before each step, and after the last.
fn catalogs(plan: &Plan) -> Vec<Catalog> {
    let mut catalog = plan.start.clone();
    let mut all = vec![catalog.clone()];
    for step in &plan.steps {
        catalog.apply(&step.action);
        all.push(catalog.clone());
    }
    all
}

struct ChangedPlan {
    steps: Vec<Step>,
    text: String,
    change: proof::Change,
    place: Option<Insertion>,
}

/// A statement to put in: where, what it does, and how a script writes it.
struct NewStatement {
    at: usize,
    phase: Option<Phase>,
    action: Action,
    statement: String,
    /// Whose expression is written at the `…` in it.
    like: Option<usize>,
}

struct Drafts<'p> {
    plan: &'p Plan,
    steps: &'p [usize],
    catalogs: Vec<Catalog>,
}

impl<'p> Drafts<'p> {
    fn effect(&self, at: usize) -> Effect<'p> {
        self.plan.steps[at].action.effect(&self.catalogs[at])
    }

    /// The plan with a statement behind those before it.
    fn with(&self, new: NewStatement) -> ChangedPlan {
        let NewStatement { at, phase, action, statement, like } = new;
        let mut steps = self.plan.steps.clone();
        let span = steps.get(at.saturating_sub(1)).or(steps.first()).map(|step| step.span).unwrap_or_default();
        steps.insert(at, Step { index: at, phase, span, action, title: String::new() });
        let change = proof::Change::Add { phase, statement, like };
        let place = Some(at.checked_sub(1).map_or(Insertion::Before(0), Insertion::After));
        ChangedPlan { steps, text: change.text(), change, place }
    }

    /// Where an expand may stand at the latest.
    fn end_of_expand(&self) -> usize {
        let later = |step: &Step| step.phase.is_some_and(|phase| phase > Phase::Expand);
        let count = self.plan.steps.len();
        let end = self.plan.steps.iter().position(later).unwrap_or(count);
        // Behind the last of them, and before the versions that wait for all of them.
        let last = self.plan.steps[..end].iter().rposition(|step| step.phase == Some(Phase::Expand));
        last.map_or(0, |at| at + 1)
    }

    /// A column as a script writes it.
    fn written(&self, table: &str, column: &str) -> String {
        self.plan.written_column(table, column)
    }

    /// A sync for each backfill, both ways where that is a plain copy.
    fn syncs(&self, found: &mut Vec<ChangedPlan>) {
        for at in self.steps {
            let Action::Fill { kind: FillKind::Backfill, table, column, value, .. } = &self.plan.steps[*at].action
            else {
                continue;
            };
            let catalog = &self.catalogs[*at];
            let Some(target) = catalog.table(table).and_then(|table| table.column_by_id(*column)) else { continue };
            let into = sync(catalog, table, *column, value, 1);
            let kept = catalog.syncs_of(*column).any(|sync| sync.target == *column && sync.value == *value);
            let behind = self.added(*column).map_or(*at, |step| step + 1);
            let behind = behind.min(self.end_of_expand());
            let back = value.as_column_of_any_type().and_then(|name| {
                let source = catalog.column(table, name)?;
                // A column of a type that nobody has said is what it is copied to.
                let same = source.ty == target.ty || value.as_plain_column().is_none();
                let value = Expression::column(target.name.clone(), target.ty);
                same.then(|| (source, sync(catalog, table, source.id, &value, 2)))
            });
            let expand = |syncs: Vec<Sync>, statement: String, like: Option<usize>| {
                let action = Action::AddSyncs(syncs.into_iter().map(Arc::new).collect());
                self.with(NewStatement { at: behind, phase: Some(Phase::Expand), action, statement, like })
            };
            let follows = self.written(table, &target.name);
            if let Some((source, back)) = &back {
                let leads = self.written(table, &source.name);
                if !catalog.syncs_of(*column).any(|sync| sync.target == source.id) {
                    found.push(if kept {
                        expand(vec![back.clone()], format!("sync {leads} from {}", quoted(&target.name)), None)
                    } else {
                        expand(vec![back.clone(), into.clone()], format!("sync {leads} <-> {follows}"), None)
                    });
                }
            }
            if !kept {
                let (source, like) = expression(value, *at);
                found.push(expand(vec![into], format!("sync {follows} from {source}"), like));
            }
        }
    }

    /// The step that adds a column.
    fn added(&self, column: ColumnId) -> Option<usize> {
        let adds = |effect: &Effect<'_>| effect.adds.iter().any(|(_, added)| added.id == column);
        self.plan.effects().find(|(_, effect)| adds(effect)).map(|(step, _)| step.index)
    }

    /// A not-null that goes before the first version is deployed.
    fn relaxations(&self, found: &mut Vec<ChangedPlan>) {
        let mut bound: Vec<(crate::ast::Name, ColumnId)> = Vec::new();
        for at in self.steps {
            if let Some(Removal::Column(table, column)) = self.effect(*at).removes {
                bound.push((table.clone(), column));
            }
        }
        for (table, column) in bound {
            let Some(schema) = self.plan.start.table(&table) else { continue };
            let Some(bound) = schema.column_by_id(column) else { continue };
            if bound.not_null == NotNull::No {
                continue;
            }
            let statement = format!("drop not null {}", self.written(&table, &bound.name));
            let action = Action::DropNotNull { table, column };
            let (at, phase) = (self.end_of_expand(), Some(Phase::Expand));
            found.push(self.with(NewStatement { at, phase, action, statement, like: None }));
        }
    }

    /// The constraints of a column on its copy as well, so that whoever writes that knows them.
    fn constraints(&self, found: &mut Vec<ChangedPlan>) {
        for at in self.steps {
            let (effect, catalog) = (self.effect(*at), &self.catalogs[at + 1]);
            for sync in effect.adds_syncs.iter().filter(|sync| sync.source_table == sync.target_table) {
                let Some(schema) = catalog.table(&sync.target_table) else { continue };
                let copy = sync.value.as_same_value().and_then(|name| schema.column(name));
                let Some(copy) = copy.filter(|copy| self.added(copy.id).is_some()) else { continue };
                for constraint in schema.constraints_of(sync.target) {
                    let on_copy = on_copy((catalog, schema), &constraint.kind, (sync.target, copy.id));
                    let Some((kind, text)) = on_copy else { continue };
                    let constraint = Constraint { name: format!("{}_copy", constraint.name).into(), kind };
                    let on = self.plan.default_table.as_ref() == Some(&schema.name);
                    let on = if on { String::new() } else { format!(" on {}", quoted(&schema.name)) };
                    let statement = format!("add {text}{on}");
                    let action = Action::AddConstraint { table: schema.name.clone(), constraint };
                    let (at, phase) = (at + 1, Some(Phase::Expand));
                    found.push(self.with(NewStatement { at, phase, action, statement, like: None }));
                }
            }
        }
    }

    /// A default for a column that some version does not write any more, while another still reads it.
    fn plain_defaults(&self, found: &mut Vec<ChangedPlan>) {
        let first = self.plan.steps.iter().position(|step| matches!(step.action, Action::Deploy(_)));
        for at in self.steps {
            let (table, column) = match &self.plan.steps[*at].action {
                Action::DropNotNull { table, column } | Action::DropColumn { table, column } => (table, *column),
                _ => continue,
            };
            let Some(known) = self.plan.start.table(table).and_then(|table| table.column_by_id(column)) else {
                continue;
            };
            let Some(default) = Expression::plain(known.ty).filter(|_| known.not_null != NotNull::No) else { continue };
            let at = first.map_or(*at, |first| first.min(*at)).min(self.end_of_expand());
            let Some(Ok(value)) = default.tried(&[]) else { continue };
            let statement = format!("set default {} {}", self.written(table, &known.name), value.literal());
            let action = Action::SetDefault { table: table.clone(), column, default: Some(default) };
            let draft = self.with(NewStatement { at, phase: Some(Phase::Expand), action, statement, like: None });
            let text = format!("{}, or another value that every version can read,", draft.text);
            found.push(ChangedPlan { text, ..draft });
        }
    }

    /// Syncs that are better left to leave with their columns.
    fn removals(&self, found: &mut Vec<ChangedPlan>) {
        for at in self.steps {
            if let Action::DropSyncs(_) = &self.plan.steps[*at].action {
                let mut steps = self.plan.steps.clone();
                steps.remove(*at);
                let text = "leave the `drop sync` out: a sync goes with its column, at the same moment".to_owned();
                found.push(ChangedPlan { steps, text, change: proof::Change::LeaveOut(*at), place: None });
            }
        }
    }

    /// The fixed value of a fill as a default, for those who do not know of the column.
    fn defaults(&self, found: &mut Vec<ChangedPlan>) {
        for at in self.steps {
            let Action::Fill { table, column, value, .. } = &self.plan.steps[*at].action else { continue };
            let is_fixed = value.is_constant() && value.is_immutable();
            let constant = is_fixed.then(|| value.tried(&[])).flatten();
            let (Some(added), Some(Ok(constant))) = (self.added(*column), constant) else { continue };
            let name = self.written(table, self.catalogs[*at].column_name(table, *column));
            let statement = format!("set default {name} {}", constant.literal());
            let default = Some(value.clone());
            let action = Action::SetDefault { table: table.clone(), column: *column, default };
            let (at, phase) = (added + 1, Some(Phase::Expand));
            found.push(self.with(NewStatement { at, phase, action, statement, like: None }));
        }
    }

    /// Backfills that leave existing values alone.
    fn conditions(&self, found: &mut Vec<ChangedPlan>) {
        for at in self.steps {
            let Action::Fill { kind: FillKind::Backfill, table, column, value, filter: None, batches } =
                &self.plan.steps[*at].action
            else {
                continue;
            };
            let Some(target) = self.catalogs[*at].table(table).and_then(|table| table.column_by_id(*column)) else {
                continue;
            };
            let mut steps = self.plan.steps.clone();
            steps[*at].action = Action::Fill {
                kind: FillKind::Backfill,
                table: table.clone(),
                column: *column,
                value: value.clone(),
                filter: Some(Expression::column_is_null(target.name.clone(), target.ty)),
                batches: *batches,
            };
            let condition = format!("{} is null", quoted(&target.name));
            let text = format!("add `where {condition}` to the backfill");
            let change = proof::Change::Where { step: *at, condition };
            found.push(ChangedPlan { steps, text, change, place: Some(Insertion::At(*at)) });
        }
    }

    /// Statements at another place, the nearest places first.
    fn moves(&self, found: &mut Vec<ChangedPlan>) {
        let count = self.plan.steps.len();
        let mut order: Vec<usize> = self.steps.to_vec();
        order.sort_by_key(|at| rank(&self.effect(*at)));
        let called = |step: &Step| step.action.called(&self.catalogs[step.index]);
        let names: Vec<Option<String>> = self.plan.steps.iter().map(called).collect();
        for far in 1..count {
            for from in &order {
                let Some(name) = &names[*from] else { continue };
                let to = [from.checked_add(far).filter(|to| *to < count), from.checked_sub(far)];
                for to in to.into_iter().flatten() {
                    let mut steps = self.plan.steps.clone();
                    let step = steps.remove(*from);
                    steps.insert(to, step);
                    if in_order(&steps) {
                        let place = if to > *from { Insertion::After(to) } else { Insertion::Before(to) };
                        let (text, change) = (format!("move {name}"), proof::Change::Move(*from));
                        found.push(ChangedPlan { steps, text, change, place: Some(place) });
                    }
                }
            }
        }
    }

    /// Versions that are retired before something goes.
    fn retirements(&self, found: &mut Vec<ChangedPlan>) {
        for at in self.steps {
            if self.effect(*at).removes.is_none() {
                continue;
            }
            for app in self.plan.apps.iter().filter(|app| self.catalogs[*at].is_live(&app.name)) {
                let statement = format!("retire {}", quoted(&app.name));
                let action = Action::Retire(app.name.clone());
                let draft = self.with(NewStatement { at: *at, phase: None, action, statement, like: None });
                found.push(ChangedPlan { place: Some(Insertion::Before(*at)), ..draft });
            }
        }
    }

    /// A backfill for each sync, before the first version is deployed.
    fn backfills(&self, found: &mut Vec<ChangedPlan>) {
        for at in self.steps {
            let syncs = self.effect(*at).adds_syncs;
            for sync in syncs.iter().filter(|sync| sync.join.is_none() && self.added(sync.target).is_some()) {
                let name = self.catalogs[*at].column_name(&sync.target_table, sync.target).to_owned();
                let action = Action::Fill {
                    kind: FillKind::Backfill,
                    table: sync.target_table.clone(),
                    column: sync.target,
                    value: sync.value.clone(),
                    filter: None,
                    batches: crate::ast::Batches::default(),
                };
                let (source, like) = expression(&sync.value, *at);
                let statement = format!("backfill {} from {source}", self.written(&sync.target_table, &name));
                let (at, phase) = (self.end_of_expand(), Some(Phase::Migrate));
                found.push(self.with(NewStatement { at, phase, action, statement, like }));
            }
        }
    }
}

/// A name as a script writes it.
fn quoted(name: &str) -> std::borrow::Cow<'_, str> {
    crate::plan::quote_ident(name)
}

/// An expression as a script writes it, or a hole for the one of a statement.
fn expression(value: &Expression, of: usize) -> (String, Option<usize>) {
    match value.as_plain_column() {
        Some(source) => (quoted(source).into_owned(), None),
        None => ("…".to_owned(), Some(of)),
    }
}

/// What a constraint says, said of a copy of one of its columns; nothing where it is of another kind.
fn on_copy(
    (catalog, schema): (&Catalog, &Table),
    kind: &ConstraintKind,
    (own, copy): (ColumnId, ColumnId),
) -> Option<(ConstraintKind, String)> {
    let name = |column: ColumnId| schema.column_by_id(column).map(|column| quoted(&column.name).into_owned());
    match kind {
        ConstraintKind::Unique(columns) => {
            let columns: Box<[ColumnId]> =
                columns.iter().map(|column| if *column == own { copy } else { *column }).collect();
            let names = columns.iter().copied().map(name).collect::<Option<Vec<_>>>()?.join(", ");
            Some((ConstraintKind::Unique(columns), format!("unique ({names})")))
        }
        ConstraintKind::ForeignKey { table, referenced, .. } => {
            let key = ConstraintKind::ForeignKey {
                column: copy,
                table: table.clone(),
                referenced: *referenced,
                validated: false,
            };
            let other = &catalog.table(table)?.column_by_id(*referenced)?.name;
            let (table, other) = (quoted(table), quoted(other));
            Some((key, format!("foreign key ({}) references {table} ({other})", name(copy)?)))
        }
        _ => None,
    }
}

fn source_id(catalog: &Catalog, table: &str, name: &str) -> Option<ColumnId> {
    catalog.column(table, name).map(|column| column.id)
}

fn sync(catalog: &Catalog, table: &crate::ast::Name, target: ColumnId, value: &Expression, number: u32) -> Sync {
    let sources = value.inputs().iter().filter_map(|name| source_id(catalog, table, name));
    let newest = catalog.syncs().map(|sync| sync.id.0).max().unwrap_or(0);
    Sync {
        id: SyncId(newest + 1_000 + number),
        twin: None,
        source_table: table.clone(),
        source_columns: sources.collect(),
        target_table: table.clone(),
        target,
        value: value.clone(),
        join: None,
    }
}

/// What is moved first: who is live, then what is removed, then the rest.
fn rank(effect: &Effect<'_>) -> u8 {
    let binds = |not_null: NotNull| matches!(not_null, NotNull::NewWrites | NotNull::Yes);
    match effect.not_null.map(|(_, not_null)| not_null) {
        _ if effect.gate.and_then(Gate::app).is_some() => 0,
        _ if !effect.adds_syncs.is_empty() => 1,
        Some(NotNull::No) => 1,
        Some(not_null) if binds(not_null) => 2,
        _ if effect.removes.is_some() => 2,
        _ => 3,
    }
}

/// Whether phases follow each other as they must.
fn in_order(steps: &[Step]) -> bool {
    let phases: Vec<Phase> = steps.iter().filter_map(|step| step.phase).collect();
    phases.is_sorted()
}

/// Whether everything that a plan names is there when it is named.
fn is_sound(plan: &Plan) -> bool {
    plan.effects().all(|(_, effect)| effect.is_possible)
}

/// Whether some application is live at all times.
fn is_served(plan: &Plan) -> bool {
    let mut catalog = plan.start.clone();
    let serves = |catalog: &Catalog| catalog.live().next().is_some();
    serves(&catalog)
        && plan.steps.iter().all(|step| {
            catalog.apply(&step.action);
            serves(&catalog)
        })
}
