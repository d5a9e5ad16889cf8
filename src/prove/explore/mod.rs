//! The exploration of a group's model: every reachable state, breadth first.
//!
//! A schedule's length is the number of statements that have ended plus that of what applications do (a visit of the row
//! is part of its statement), so layers are explored one after the other, and within each by the number of events of
//! applications so far. Rows that are there from the start come first; an application that inserts adds the states that
//! they do not reach.

mod seen;

use rustc_hash::{FxHashMap, FxHashSet};
pub(super) use seen::Seen;

use crate::prove::model::{Layer, Model, ModelEvent, Transition};
use crate::prove::proof::AnomalyKind;
use crate::prove::word::{Pattern, Word};

/// Beyond this a group is left aside.
pub(super) const MOST_STATES: usize = 1_000_000;

/// No state is before this one.
const ROOT: u32 = u32::MAX;

/// A reachable state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<W> {
    pub(super) word: W,
    /// The state before it.
    parent: u32,
    /// Events of applications up to it.
    events: u32,
}

/// What was reached.
#[derive(Debug)]
pub(super) struct Explored<W> {
    pub(super) nodes: Vec<Node<W>>,
    /// Where the nodes of each layer begin.
    starts: Vec<usize>,
    /// The best schedule that ends in an anomaly.
    pub(super) found: Option<BestSchedule>,
    /// For each layer and application the anomaly that is reached first.
    pub(super) breaks: FxHashMap<(usize, usize), Rank>,
    /// What is lost for good: how many statements have ended by then, and what is wrong.
    pub(super) losses: FxHashSet<(usize, usize)>,
    /// All that goes wrong somewhere.
    pub(super) wrongs: FxHashSet<usize>,
    /// Layers that not every row leaves: a gate stops the run.
    pub(super) stopped: FxHashSet<usize>,
    /// There were more states than are looked at.
    pub(super) cut: bool,
}

/// A schedule that ends in an anomaly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BestSchedule {
    rank: Rank,
    /// The state before the last event.
    pub(super) node: usize,
    pub(super) layer: usize,
    /// What is wrong.
    pub(super) wrong: usize,
    /// The last event.
    pub(super) last: Last,
}

/// How schedules are preferred: on rows that nobody inserts, short, by kind, and with new values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    inserted: bool,
    length: usize,
    pub(super) kind: AnomalyKind,
    /// The last event writes values as they are.
    as_is: bool,
}

/// What to make of something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It ends its schedule, and is reported.
    Anomaly,
    /// It ends its schedule, and was reported before.
    Known,
    /// The author answers for it, and the schedule goes on.
    Allowed,
}

impl Judgement {
    /// An anomaly, unless its author answers for it.
    pub(super) fn unless(allowed: bool) -> Self {
        if allowed { Self::Allowed } else { Self::Anomaly }
    }
}

/// Where something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    pub(super) layer: usize,
    /// In the statement that ends the layer.
    pub(super) in_step: bool,
}

impl At {
    /// How many statements have ended.
    pub(super) fn position<W>(self, model: &Model<W>) -> usize {
        let layer = &model.layers[self.layer];
        if self.in_step { layer.step.unwrap_or(layer.from) } else { layer.from }
    }
}

/// The last event of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// The application uses the column that is wrong.
    Use,
    /// An act of the layer, by its place among acts and visits.
    Transition(usize),
    /// The step that ends the layer, by its place among the ends.
    End(usize),
    /// An event of another row, by its place among the collisions.
    Other(usize),
}

impl Last {
    /// Whether it writes values as they are.
    fn is_as_is<W>(self, model: &Model<W>, layer: usize) -> bool {
        let Self::Transition(at) = self else { return false };
        let act = model.layers[layer].acts.get(at);
        act.is_some_and(|act| matches!(model.happenings[act.happening], ModelEvent::Write { as_is: true, .. }))
    }

    /// Whether it is a statement's own doing.
    pub(super) fn is_in_step<W>(self, layer: &Layer<W>) -> bool {
        match self {
            Self::Use => false,
            Self::Other(at) => layer.collisions[at].in_step,
            Self::Transition(at) => at >= layer.acts.len(),
            Self::End(_) => true,
        }
    }
}

impl<W: Word> Explored<W> {
    /// The nodes of a layer.
    pub(super) fn layer(&self, layer: usize) -> &[Node<W>] {
        let end = self.starts.get(layer + 1).copied().unwrap_or(self.nodes.len());
        &self.nodes[self.starts[layer]..end]
    }

    /// The layer of a node.
    pub(super) fn layer_of(&self, node: usize) -> usize {
        self.starts.partition_point(|start| *start <= node) - 1
    }

    /// The nodes from the start to this one.
    pub(super) fn path(&self, node: usize) -> Vec<usize> {
        let mut path = vec![node];
        let mut at = node;
        while self.nodes[at].parent != ROOT {
            at = self.nodes[at].parent as usize;
            path.push(at);
        }
        path.reverse();
        path
    }

    /// Where the nodes of a layer begin.
    pub(super) fn start_of(&self, layer: usize) -> usize {
        self.starts[layer]
    }
}

/// Explores a model; `judge` says what to make of what goes wrong.
pub(super) fn explore<W: Word>(model: &Model<W>, judge: &dyn Fn(At, usize) -> Judgement) -> Explored<W> {
    let explored = Explored {
        nodes: Vec::new(),
        starts: Vec::new(),
        found: None,
        breaks: FxHashMap::default(),
        losses: FxHashSet::default(),
        wrongs: FxHashSet::default(),
        stopped: FxHashSet::default(),
        cut: false,
    };
    let mut search = Search {
        model,
        judge,
        explored,
        known: Seen::new(),
        waiting: Vec::new(),
        born: Vec::new(),
        asked: FxHashMap::default(),
        has_allowed: false,
    };
    let mut seeds = [search.seeds(&model.existing), search.seeds(&[model.absent])];
    for layer in 0..model.layers.len() {
        seeds = search.layer(layer, seeds);
        if search.explored.cut {
            break;
        }
    }
    while search.explored.starts.len() < model.layers.len() {
        search.explored.starts.push(search.explored.nodes.len());
    }
    search.explored
}

struct Search<'m, W> {
    model: &'m Model<W>,
    judge: &'m dyn Fn(At, usize) -> Judgement,
    explored: Explored<W>,
    /// The states of this layer.
    known: Seen<W>,
    /// States by the number of events up to them, more than those of the states being looked at.
    waiting: Vec<Vec<u32>>,
    /// States of this layer to which an insert leads.
    born: Seeds<W>,
    /// What was asked of `judge` in this layer.
    asked: FxHashMap<(usize, bool), Judgement>,
    /// Something was allowed.
    has_allowed: bool,
}

/// States in which a layer begins.
type Seeds<W> = Vec<Node<W>>;

impl<W: Word> Search<'_, W> {
    fn seeds(&self, words: &[W]) -> Seeds<W> {
        let enter = self.model.layers.first().map(|layer| &layer.enter);
        let entered = |word: &W| enter.map_or(*word, |enter| enter.run(*word));
        words.iter().map(|word| Node { word: entered(word), parent: ROOT, events: 0 }).collect()
    }

    /// Explores a layer from the states in which rows come to it; gives those in which they leave it.
    fn layer(&mut self, at: usize, seeds: [Seeds<W>; 2]) -> [Seeds<W>; 2] {
        self.known.clear();
        self.asked.clear();
        self.explored.starts.push(self.explored.nodes.len());
        let runs = runs(&self.model.layers[at]);
        let mut left = [Vec::new(), Vec::new()];
        for (class, mut seeds) in seeds.into_iter().enumerate() {
            seeds.append(&mut self.born);
            seeds.sort_by_key(|seed| seed.events);
            let mut seeds = seeds.into_iter().peekable();
            let mut events = 0;
            loop {
                while let Some(seed) = seeds.next_if(|seed| seed.events as usize <= events) {
                    self.add(seed);
                }
                match self.waiting.get_mut(events).map(std::mem::take) {
                    Some(nodes) if nodes.is_empty() => events += 1,
                    Some(nodes) => {
                        nodes.into_iter().for_each(|node| self.node(at, &runs, node as usize, class, &mut left[class]));
                    }
                    None => match seeds.peek() {
                        Some(seed) => events = seed.events as usize,
                        None => break,
                    },
                }
            }
            self.waiting.clear();
        }
        left
    }

    fn add(&mut self, node: Node<W>) {
        if self.explored.nodes.len() >= MOST_STATES {
            self.explored.cut = true;
            return;
        }
        if self.known.insert(node.word) {
            let next = u32::try_from(self.explored.nodes.len()).unwrap_or(ROOT);
            let events = node.events as usize;
            if self.waiting.len() <= events {
                self.waiting.resize_with(events + 1, Vec::new);
            }
            self.waiting[events].push(next);
            self.explored.nodes.push(node);
        }
    }

    fn node(&mut self, at: usize, runs: &[Possible<'_, W>], node: usize, class: usize, left: &mut Seeds<W>) {
        let layer = &self.model.layers[at];
        let Node { word, events, .. } = self.explored.nodes[node];
        let place = Visited { layer: at, node, inserted: class == 1, length: layer.from + events as usize + 1 };
        self.uses(place, layer, word);
        for run in runs.iter().filter(|run| run.guard.matches(word)) {
            for (index, act) in run.each.iter().enumerate() {
                let inserts = matches!(self.model.happenings[act.happening], ModelEvent::Insert { .. });
                let place = Visited { inserted: place.inserted || inserts, ..place };
                if let Some(word) = self.attempt(place, layer, word, act, Last::Transition(run.first + index)) {
                    let next = Node { word, parent: as_parent(node), events: events + run.events };
                    if class == 0 && inserts { self.born.push(next) } else { self.add(next) }
                }
            }
        }
        let Some(step) = layer.step else { return };
        let next = &self.model.layers[at + 1];
        let place = Visited { length: step + events as usize + 1, ..place };
        for (index, end) in layer.ends.iter().enumerate().filter(|(_, end)| end.guard.matches(word)) {
            if let Some(word) = self.attempt(place, next, word, end, Last::End(index)) {
                left.push(Node { word: next.enter.run(word), parent: as_parent(node), events });
            }
        }
    }

    /// Looks at a state as the live applications do.
    fn uses(&mut self, place: Visited, layer: &Layer<W>, word: W) {
        for wrong in &layer.broken {
            self.report(place, *wrong, Last::Use);
        }
        for (index, collision) in layer.collisions.iter().enumerate().filter(|(_, collision)| collision.is_met(word)) {
            self.report(place, collision.wrong, Last::Other(index));
        }
        for (_, wrong) in layer.nulls.iter().filter(|(null, _)| null.matches(word)) {
            self.report(place, *wrong, Last::Use);
        }
        for read in layer.reads.iter().filter(|read| word & read.stale != W::ZERO && read.guard.matches(word)) {
            if !word.has(read.unset) {
                self.report(place, read.wrongs[1], Last::Use);
                continue;
            }
            let misses = |(stale, known): &(u32, Vec<Pattern<W>>)| {
                word.has(*stale) && known.iter().any(|known| known.matches(word))
            };
            if read.known.iter().any(misses) {
                self.report(place, read.wrongs[0], Last::Use);
            }
        }
    }

    /// The state after an act, unless it is known or the act ends in an anomaly; `after` is the layer that it leads to.
    fn attempt(&mut self, place: Visited, after: &Layer<W>, word: W, act: &Transition<W>, last: Last) -> Option<W> {
        if act.stopped.iter().any(|stopped| stopped.matches(word)) {
            self.explored.stopped.insert(place.layer);
            return None;
        }
        let next = act.code.run(word);
        if act.is_avoided(next) {
            return None;
        }
        let mut refused = false;
        for (_, wrong) in act.refused.iter().filter(|(pattern, _)| pattern.matches(next)) {
            self.report(place, *wrong, last);
            refused = true;
        }
        for (_, wrong) in act.risks.iter().filter(|(pattern, _)| !refused && pattern.matches(next)) {
            self.report(place, *wrong, last);
        }
        // In a state that is known nothing is lost, unless that was allowed: it was looked at when it became known.
        let leads_on = |search: &Self| next != word && (search.has_allowed || !search.known.contains(next));
        if refused || matches!(last, Last::Transition(_)) && !leads_on(self) {
            return None;
        }
        for lost in after.lost.iter().filter(|lost| lost.is_lost(next)) {
            if self.report(place, lost.wrong, last) {
                return None;
            }
        }
        Some(next)
    }

    /// Notes an anomaly; tells whether it is one.
    fn report(&mut self, place: Visited, wrong: usize, last: Last) -> bool {
        let at = At { layer: place.layer, in_step: last.is_in_step(&self.model.layers[place.layer]) };
        match self.asked.entry((wrong, at.in_step)).or_insert_with(|| (self.judge)(at, wrong)) {
            Judgement::Anomaly => {}
            Judgement::Known => return true,
            Judgement::Allowed => {
                self.has_allowed = true;
                return false;
            }
        }
        self.explored.wrongs.insert(wrong);
        let what = &self.model.wrongs[wrong];
        let rank = Rank {
            inserted: place.inserted,
            length: place.length,
            kind: what.kind,
            as_is: last.is_as_is(self.model, place.layer),
        };
        if self.explored.found.is_none_or(|found| rank < found.rank) {
            self.explored.found = Some(BestSchedule { rank, node: place.node, layer: place.layer, wrong, last });
        }
        if what.kind == AnomalyKind::LostWrite {
            let ended = at.position(self.model) + usize::from(at.in_step);
            self.explored.losses.insert((ended, wrong));
        }
        if let Some(app) = what.app {
            let first = self.explored.breaks.entry((place.layer, app)).or_insert(rank);
            *first = (*first).min(rank);
        }
        true
    }
}

/// Acts beside each other that may happen in the same states.
struct Possible<'m, W> {
    guard: Pattern<W>,
    each: &'m [Transition<W>],
    /// The place of the first among acts and visits.
    first: usize,
    /// How much each adds to a schedule: a visit is part of its statement.
    events: u32,
}

/// What may happen in a layer.
fn runs<W: Word>(layer: &Layer<W>) -> Vec<Possible<'_, W>> {
    let (mut runs, mut first) = (Vec::new(), 0);
    for (acts, events) in [(&layer.acts, 1), (&layer.visits, 0)] {
        for acts in acts.chunk_by(|one, other| one.guard == other.guard) {
            runs.push(Possible { guard: acts[0].guard, each: acts, first, events });
            first += acts.len();
        }
    }
    runs
}

/// Where something happens.
#[derive(Clone, Copy, Debug)]
struct Visited {
    layer: usize,
    node: usize,
    inserted: bool,
    /// Events up to and including it.
    length: usize,
}

fn as_parent(node: usize) -> u32 {
    u32::try_from(node).unwrap_or(ROOT)
}
