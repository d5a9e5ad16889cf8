//! Rollback from every point: the first from which undoing everything would lose a write.
//!
//! Undoing goes back from layer to layer; applications go on in between. States that were safe to roll back to from an
//! earlier point are not looked at again.

use crate::catalog::ColumnId;
use crate::prove::explore::{Explored, MOST_STATES, Seen};
use crate::prove::model::{Layer, Model};
use crate::prove::word::Word;

/// A state on the way back.
#[derive(Clone, Copy, Debug)]
struct Back<W> {
    word: W,
    layer: usize,
    from: Origin,
}

/// Where a state on the way back came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// The rollback begins at this node of the exploration.
    Node(usize),
    /// Another state on the way back.
    Back(usize),
}

/// A rollback that loses a write.
#[derive(Clone, Debug)]
pub(super) struct Loss<W> {
    /// The layer that the rollback begins in.
    pub(super) origin: usize,
    /// The node of the exploration that it begins at.
    pub(super) node: usize,
    /// The states on the way back, each with its layer; the last has lost the fact.
    pub(super) path: Vec<(W, usize)>,
    /// The fact.
    pub(super) fact: ColumnId,
}

/// What came of the rollbacks.
#[derive(Debug)]
pub(super) struct Rollbacks<W> {
    /// The first loss, if there is one.
    pub(super) loss: Option<Loss<W>>,
    /// States on the way back.
    pub(super) states: usize,
    /// There were more states than are looked at.
    pub(super) cut: bool,
}

/// Rolls back from every reachable state, in the order of the plan, until a write is lost.
pub(super) fn rollbacks<W: Word>(model: &Model<W>, explored: &Explored<W>) -> Rollbacks<W> {
    let known = model.layers.iter().map(|_| Seen::new()).collect();
    let mut retreat = Retreat { model, known, states: Vec::new() };
    for origin in 1..model.layers.len() {
        let first = explored.start_of(origin);
        let mut next = retreat.states.len();
        for (at, node) in explored.layer(origin).iter().enumerate() {
            retreat.add(node.word, origin, Origin::Node(first + at));
        }
        while let Some(state) = retreat.states.get(next).copied() {
            if let Some(loss) = retreat.advance(next, state) {
                let loss = Loss { origin, ..loss };
                return Rollbacks { loss: Some(loss), states: retreat.states.len(), cut: false };
            }
            next += 1;
        }
        if retreat.states.len() > MOST_STATES {
            return Rollbacks { loss: None, states: retreat.states.len(), cut: true };
        }
    }
    Rollbacks { loss: None, states: retreat.states.len(), cut: false }
}

struct Retreat<'m, W> {
    model: &'m Model<W>,
    known: Vec<Seen<W>>,
    states: Vec<Back<W>>,
}

impl<W: Word> Retreat<'_, W> {
    fn add(&mut self, word: W, layer: usize, from: Origin) {
        if self.known[layer].insert(word) {
            self.states.push(Back { word, layer, from });
        }
    }

    /// Goes on from a state: applications act, and the step before its layer is undone.
    fn advance(&mut self, at: usize, state: Back<W>) -> Option<Loss<W>> {
        let model = self.model;
        let layer = &model.layers[state.layer];
        for act in layer.acts.iter().filter(|act| act.guard.matches(state.word)) {
            let next = act.code.run(state.word);
            if !act.is_avoided(next) && !act.refused.iter().any(|(pattern, _)| pattern.matches(next)) {
                self.add(next, state.layer, Origin::Back(at));
            }
        }
        if state.layer == 0 {
            return None;
        }
        let before = &model.layers[state.layer - 1];
        let restored = layer.restore.iter().fold(
            state.word,
            |word, (guard, code)| {
                if guard.matches(word) { code.run(word) } else { word }
            },
        );
        for undo in layer.undo.iter().filter(|undo| undo.guard.matches(restored)) {
            let next = undo.code.run(restored);
            if let Some(fact) = lost_fact(layer, before, restored, next) {
                let mut path = self.path(at);
                path.1.push((next, state.layer - 1));
                return Some(Loss { origin: 0, node: path.0, path: path.1, fact });
            }
            self.add(next, state.layer - 1, Origin::Back(at));
        }
        None
    }

    /// The node at which the rollback began, and the states since.
    fn path(&self, at: usize) -> (usize, Vec<(W, usize)>) {
        let mut path = Vec::new();
        let mut state = self.states[at];
        loop {
            match state.from {
                Origin::Node(node) => {
                    path.reverse();
                    return (node, path);
                }
                Origin::Back(before) => {
                    path.push((state.word, state.layer));
                    state = self.states[before];
                }
            }
        }
    }
}

/// A fact that some column knew before an undoing and none knows after it.
fn lost_fact<W: Word>(layer: &Layer<W>, before: &Layer<W>, word: W, next: W) -> Option<ColumnId> {
    let known = |layer: &Layer<W>, fact: ColumnId, word: W| {
        layer.lost.iter().any(|lost| lost.fact == fact && lost.is_known(word))
    };
    let there = layer.lost.iter().filter(|lost| word & lost.gone == W::ZERO && !lost.is_of_another_row(word));
    let facts = there.map(|lost| lost.fact);
    facts.into_iter().find(|fact| known(layer, *fact, word) && !known(before, *fact, next))
}
