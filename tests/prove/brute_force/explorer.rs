//! Breadth-first search over concrete states for the nearest anomaly.

use std::collections::{BTreeMap, HashMap, HashSet};

use miglab::plan::ColumnName;
use miglab::prove::AnomalyKind;

use super::subject::Subject;
use super::world::{Event, Kind, Moment, Outcome, World};

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
    /// Only with an insert does one get there.
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
    explore_with(World::new(subject, false), others, budget)
}

/// The same, in a world of its own.
pub fn explore_with(mut world: World<'_>, others: usize, budget: usize) -> Option<Verdict> {
    let existing: Vec<Option<usize>> = world.starts().into_iter().map(Some).collect();
    let mut starts = existing.iter().map(|first| vec![*first]).chain([vec![None]]).collect::<Vec<_>>();
    for _ in 0..others {
        let kinds = || existing.iter().copied().chain([None]);
        starts = starts.iter().flat_map(|start| kinds().map(|kind| [&start[..], &[kind]].concat())).collect();
    }
    let starts: Vec<Moment> = starts.iter().filter_map(|start| world.start(start)).collect();
    let mut search = Search::new(&mut world, starts, budget);
    for inserted in [false, true] {
        if let Some((length, kind, events)) = search.run(inserted)? {
            let states = search.nodes.len();
            return Some(Verdict { anomaly: Some(Found { inserted, length, kind, events }), states });
        }
    }
    Some(Verdict { anomaly: None, states: search.nodes.len() })
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
    expanded: HashSet<u128>,
    /// What an insert leads to, by its distance: it comes after everything to which none does.
    born: BTreeMap<usize, Vec<usize>>,
    are_born: HashSet<u128>,
    /// Inserts that end in an anomaly, by the distance of the state before.
    refused: BTreeMap<usize, (AnomalyKind, usize, Event)>,
    budget: usize,
}

/// The least anomaly of a distance: its kind, the node before it and its event.
type Nearest = Option<(AnomalyKind, usize, Event)>;

impl<'w, 's> Search<'w, 's> {
    fn new(world: &'w mut World<'s>, starts: Vec<Moment>, budget: usize) -> Self {
        let nodes: Vec<Node> =
            starts.into_iter().map(|moment| Node { identity: moment.identity(), moment, from: None }).collect();
        let distances = nodes.iter().map(|node| (node.identity, 0)).collect();
        Self {
            world,
            nodes,
            distances,
            expanded: HashSet::new(),
            born: BTreeMap::new(),
            are_born: HashSet::new(),
            refused: BTreeMap::new(),
            budget,
        }
    }

    /// Looks at all states of one distance before those of the next; first at those without an insert. `None` where the
    /// budget is spent.
    fn run(&mut self, inserted: bool) -> Option<Option<(usize, AnomalyKind, Vec<String>)>> {
        let mut here: Vec<usize> = if inserted { Vec::new() } else { (0..self.nodes.len()).collect() };
        let mut distance = 0;
        loop {
            if inserted {
                here.extend(self.born.remove(&distance).unwrap_or_default());
            }
            let mut nearest = if inserted { self.refused.remove(&distance) } else { None };
            let mut beyond = Vec::new();
            while let Some(at) = here.pop() {
                if self.expanded.insert(self.nodes[at].identity) {
                    self.expand(at, (distance, inserted), &mut nearest, [&mut here, &mut beyond])?;
                }
            }
            if let Some((kind, at, event)) = nearest {
                return Some(Some((distance + 1, kind, self.schedule(at, event))));
            }
            if beyond.is_empty() && (!inserted || self.born.is_empty() && self.refused.is_empty()) {
                return Some(None);
            }
            here = beyond;
            distance += 1;
        }
    }

    /// Looks at everything that may follow a state. A visit is part of its statement, and what happens to another
    /// entity than the first is not counted: they take no distance.
    fn expand(
        &mut self,
        at: usize,
        (distance, inserted): (usize, bool),
        nearest: &mut Nearest,
        queues: [&mut Vec<usize>; 2],
    ) -> Option<()> {
        let moment = self.nodes[at].moment.clone();
        self.world.forget_rows(&mut self.nodes[at].moment);
        for event in self.world.events(&moment) {
            let of_another = event.entity().is_some_and(|entity| entity > 0);
            let bears = !inserted && !of_another && matches!(event, Event::Insert { .. });
            match self.world.perform(&moment, event) {
                Outcome::Nothing => {}
                Outcome::Anomaly(_) if of_another => {}
                Outcome::Anomaly(kind) => {
                    let least = if bears { self.refused.get(&distance) } else { nearest.as_ref() };
                    if least.is_some_and(|(least, _, _)| *least <= kind) {
                        continue;
                    }
                    if bears {
                        self.refused.insert(distance, (kind, at, event));
                    } else {
                        *nearest = Some((kind, at, event));
                    }
                }
                Outcome::Next(next) => {
                    let cost = usize::from(!of_another && !matches!(event, Event::Visit { .. }));
                    let identity = next.identity();
                    let known = self.distances.get(&identity).copied().unwrap_or(usize::MAX);
                    if known <= distance + cost || bears && !self.are_born.insert(identity) {
                        continue;
                    }
                    if self.nodes.len() >= self.budget {
                        return None;
                    }
                    if bears {
                        self.born.entry(distance + cost).or_default().push(self.nodes.len());
                    } else {
                        self.distances.insert(identity, distance + cost);
                        queues[cost].push(self.nodes.len());
                    }
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
    let null = |kind: Kind| match kind {
        Kind::New => String::new(),
        kind => format!(" ({kind:?})"),
    };
    let names =
        |names: Vec<&ColumnName>| names.iter().map(|name| name.column.to_string()).collect::<Vec<_>>().join(", ");
    let what = match event {
        Event::Step => format!("statement {position} ends"),
        Event::Visit { .. } => format!("statement {position} comes by"),
        Event::Read { app, column, .. } => format!("{} reads {}", acting(app).app, acting(app).reads[column].column),
        Event::Missing { app, column } => {
            format!("{} uses {}, which does not exist", acting(app).app, acting(app).missing[column].column)
        }
        Event::Write { app, component, kind, .. } => {
            let columns = acting(app).components[component].iter().map(|column| &column.name).collect();
            format!("{} writes {}{}", acting(app).app, names(columns), null(kind))
        }
        Event::WriteAsIs { app, component, .. } => {
            let columns = acting(app).components[component].iter().map(|column| &column.name).collect();
            format!("{} writes {} as it is", acting(app).app, names(columns))
        }
        Event::WriteOne { app, component, column, kind, .. } => {
            let changed = &acting(app).components[component][column].name;
            format!("{} writes {} and the rest as it is{}", acting(app).app, changed.column, null(kind))
        }
        Event::Insert { app, table, kind, .. } => {
            format!("{} inserts into {}{}", acting(app).app, acting(app).inserts[table].table, null(kind))
        }
        Event::Delete { app, table, .. } => format!("{} deletes from {}", acting(app).app, acting(app).deletes[table]),
    };
    let other = event.entity().filter(|entity| *entity > 0).map_or(String::new(), |entity| format!(" (row {entity})"));
    format!("{position}: {what}{other}")
}
