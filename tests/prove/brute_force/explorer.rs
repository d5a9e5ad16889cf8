//! Breadth-first search over concrete states for the nearest anomaly.

use std::collections::{HashMap, HashSet};

use miglab::plan::ColumnName;
use miglab::prove::AnomalyKind;

use super::subject::Subject;
use super::world::{Event, Moment, Outcome, World};

/// What the search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The nearest anomaly; none where none can be reached.
    pub anomaly: Option<Found>,
    /// States looked at.
    pub states: usize,
}

/// The nearest anomaly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Only an entity that comes later gets there.
    pub inserted: bool,
    /// Events, the last of which is the anomaly.
    pub length: usize,
    pub kind: AnomalyKind,
    pub events: Vec<String>,
}

impl Found {
    /// What a proof must agree on.
    pub fn essence(&self) -> (bool, usize, AnomalyKind) {
        (self.inserted, self.length, self.kind)
    }
}

/// Searches with one row; with `others` more beside it, only what happens to the first is counted.
/// `None` where more than `budget` states would have to be looked at.
pub fn explore(subject: &Subject, others: usize, budget: usize) -> Option<Verdict> {
    let mut world = World::new(subject);
    let existing: Vec<Option<usize>> = (0..1 << world.nullable_at_start()).map(Some).collect();
    let mut states = 0;
    for (inserted, first) in [(false, existing.clone()), (true, vec![None])] {
        let mut starts = first.into_iter().map(|first| vec![first]).collect::<Vec<_>>();
        for _ in 0..others {
            let kinds = || existing.iter().copied().chain([None]);
            starts = starts.iter().flat_map(|start| kinds().map(|kind| [&start[..], &[kind]].concat())).collect();
        }
        let starts: Vec<Moment> = starts.iter().map(|start| world.start(start)).collect();
        let mut search = Search::new(&mut world, starts, budget - states);
        let found = search.run()?;
        states += search.nodes.len();
        if let Some((length, kind, events)) = found {
            return Some(Verdict { anomaly: Some(Found { inserted, length, kind, events }), states });
        }
    }
    Some(Verdict { anomaly: None, states })
}

struct Node {
    moment: Moment,
    identity: u128,
    /// The node before and the event that led from there.
    from: Option<(usize, Event)>,
}

struct Search<'w, 's> {
    world: &'w mut World<'s>,
    nodes: Vec<Node>,
    /// The least distance known of each state.
    distances: HashMap<u128, usize>,
    budget: usize,
}

/// The least anomaly of a distance: its kind, the node before it and its event.
type Nearest = Option<(AnomalyKind, usize, Event)>;

impl<'w, 's> Search<'w, 's> {
    fn new(world: &'w mut World<'s>, starts: Vec<Moment>, budget: usize) -> Self {
        let nodes: Vec<Node> =
            starts.into_iter().map(|moment| Node { identity: moment.identity(), moment, from: None }).collect();
        let distances = nodes.iter().map(|node| (node.identity, 0)).collect();
        Self { world, nodes, distances, budget }
    }

    /// Looks at all states of one distance before those of the next. `None` where the budget is spent.
    fn run(&mut self) -> Option<Option<(usize, AnomalyKind, Vec<String>)>> {
        let mut here: Vec<usize> = (0..self.nodes.len()).collect();
        let mut expanded = HashSet::new();
        for distance in 0.. {
            let (mut nearest, mut beyond) = (None, Vec::new());
            while let Some(at) = here.pop() {
                if expanded.insert(self.nodes[at].identity) {
                    self.expand(at, distance, &mut nearest, [&mut here, &mut beyond])?;
                }
            }
            if let Some((kind, at, event)) = nearest {
                return Some(Some((distance + 1, kind, self.schedule(at, event))));
            }
            if beyond.is_empty() {
                break;
            }
            here = beyond;
        }
        Some(None)
    }

    /// Looks at everything that may follow a state. A visit is part of its statement, and what happens to another
    /// entity than the first is not counted: they take no distance.
    fn expand(
        &mut self,
        at: usize,
        distance: usize,
        nearest: &mut Nearest,
        queues: [&mut Vec<usize>; 2],
    ) -> Option<()> {
        let moment = self.nodes[at].moment.clone();
        self.world.forget_rows(&mut self.nodes[at].moment);
        for event in self.world.events(&moment) {
            let of_another = event.entity().is_some_and(|entity| entity > 0);
            match self.world.perform(&moment, event) {
                Outcome::Nothing => {}
                Outcome::Anomaly(_) if of_another => {}
                Outcome::Anomaly(kind) => {
                    if nearest.as_ref().is_none_or(|(least, _, _)| kind < *least) {
                        *nearest = Some((kind, at, event));
                    }
                }
                Outcome::Next(next) => {
                    let cost = usize::from(!of_another && !matches!(event, Event::Visit { .. }));
                    let identity = next.identity();
                    let known = self.distances.entry(identity).or_insert(usize::MAX);
                    if *known <= distance + cost {
                        continue;
                    }
                    *known = distance + cost;
                    if self.nodes.len() >= self.budget {
                        return None;
                    }
                    queues[cost].push(self.nodes.len());
                    self.nodes.push(Node { moment: next, identity, from: Some((at, event)) });
                }
            }
        }
        Some(())
    }

    fn schedule(&self, last: usize, event: Event) -> Vec<String> {
        let mut events = Vec::new();
        let mut node = Some((last, event));
        while let Some((at, event)) = node {
            let moment = &self.nodes[at].moment;
            events.push(format!("{}   [before: {}]", describe(self.world, moment, event), moment.show()));
            node = self.nodes[at].from;
        }
        events.reverse();
        events
    }
}

fn describe(world: &World, moment: &Moment, event: Event) -> String {
    let position = moment.position;
    let acting = |app: usize| &world.people.acting[position][app];
    let null = |null: bool| if null { " (null)" } else { "" };
    let names =
        |names: Vec<&ColumnName>| names.iter().map(|name| name.column.to_string()).collect::<Vec<_>>().join(", ");
    let what = match event {
        Event::Step => format!("statement {position} ends"),
        Event::Visit { .. } => format!("statement {position} comes by"),
        Event::Read { app, column, .. } => format!("{} reads {}", acting(app).app, acting(app).reads[column].column),
        Event::Missing { app, column } => {
            format!("{} uses {}, which does not exist", acting(app).app, acting(app).missing[column].column)
        }
        Event::Write { app, component, null: is_null, .. } => {
            let columns = acting(app).components[component].iter().map(|column| &column.name).collect();
            format!("{} writes {}{}", acting(app).app, names(columns), null(is_null))
        }
        Event::WriteAsIs { app, component, .. } => {
            let columns = acting(app).components[component].iter().map(|column| &column.name).collect();
            format!("{} writes {} as it is", acting(app).app, names(columns))
        }
        Event::WriteOne { app, component, column, null: is_null, .. } => {
            let changed = &acting(app).components[component][column].name;
            format!("{} writes {} and the rest as it is{}", acting(app).app, changed.column, null(is_null))
        }
        Event::Insert { app, table, null: is_null, .. } => {
            format!("{} inserts into {}{}", acting(app).app, acting(app).inserts[table].table, null(is_null))
        }
        Event::Delete { app, table, .. } => format!("{} deletes from {}", acting(app).app, acting(app).deletes[table]),
    };
    let other = event.entity().filter(|entity| *entity > 0).map_or(String::new(), |entity| format!(" (row {entity})"));
    format!("{position}: {what}{other}")
}
