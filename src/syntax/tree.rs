//! What pest read, in a row: the nodes of a text, each with where its descendants end. It is smaller and quicker to walk
//! than pest's own pairs, and it does not hold the text: texts of one shape share it.

use std::ops::Range;

use pest::error::Error;
use pest::iterators::Pairs;
use pest::{Parser as _, Token};

use crate::syntax::grammar::{Grammar, Rule};

/// Where and why a text cannot be read.
pub(super) type Unread = Box<Error<Rule>>;

/// The nodes that `rule` finds in `text`.
///
/// # Errors
/// `rule` does not read it.
pub(super) fn read(rule: Rule, text: &str) -> Result<Tree, Unread> {
    Grammar::parse(rule, text).map(Tree::new).map_err(Box::new)
}

/// A node: its rule, its place, and the index of the first node after its descendants.
#[derive(Clone, Copy)]
struct FlatNode {
    rule: Rule,
    start: u32,
    end: u32,
    next: u32,
}

/// The nodes of a text in the order in which they start.
pub(super) struct Tree {
    places: Box<[FlatNode]>,
}

impl Tree {
    pub(super) fn new(pairs: Pairs<'_, Rule>) -> Self {
        let narrow = |n: usize| u32::try_from(n).expect("sources over 4 GiB are refused when read");
        let (mut places, mut open) = (Vec::new(), Vec::new());
        for token in pairs.tokens() {
            match token {
                Token::Start { rule, pos } => {
                    open.push(places.len());
                    places.push(FlatNode { rule, start: narrow(pos.pos()), end: 0, next: 0 });
                }
                Token::End { pos, .. } => {
                    let at = open.pop().expect("every end of pest has its start before it");
                    let behind = narrow(places.len());
                    let place: &mut FlatNode = &mut places[at];
                    (place.end, place.next) = (narrow(pos.pos()), behind);
                }
            }
        }
        Self { places: places.into() }
    }

    /// The node of the rule that was asked for, over `text`: the text that was read, or another of its shape.
    pub(super) fn root<'i>(&'i self, text: &'i str) -> Node<'i> {
        Node { places: &self.places, at: 0, text }
    }
}

/// A node over its text.
#[derive(Clone)]
pub(super) struct Node<'i> {
    places: &'i [FlatNode],
    at: usize,
    text: &'i str,
}

impl<'i> Node<'i> {
    fn place(&self) -> &'i FlatNode {
        &self.places[self.at]
    }

    pub(super) fn as_rule(&self) -> Rule {
        self.place().rule
    }

    pub(super) fn as_str(&self) -> &'i str {
        &self.text[self.range()]
    }

    /// Where it stands in its text.
    pub(super) fn range(&self) -> Range<usize> {
        let place = self.place();
        place.start as usize..place.end as usize
    }

    /// The nodes right below it.
    pub(super) fn into_inner(self) -> Nodes<'i> {
        Nodes { places: self.places, at: self.at + 1, end: self.place().next as usize, text: self.text }
    }
}

/// Nodes side by side.
#[derive(Clone)]
pub(super) struct Nodes<'i> {
    places: &'i [FlatNode],
    at: usize,
    end: usize,
    text: &'i str,
}

impl<'i> Nodes<'i> {
    /// The next node, which stays the next one.
    pub(super) fn peek(&self) -> Option<Node<'i>> {
        (self.at < self.end).then_some(Node { places: self.places, at: self.at, text: self.text })
    }
}

impl<'i> Iterator for Nodes<'i> {
    type Item = Node<'i>;

    fn size_hint(&self) -> (usize, Option<usize>) {
        let ends = std::iter::successors(Some(self.at), |at| Some(self.places.get(*at)?.next as usize));
        let count = ends.take_while(|at| *at < self.end).count();
        (count, Some(count))
    }

    fn next(&mut self) -> Option<Node<'i>> {
        let node = self.peek()?;
        self.at = node.place().next as usize;
        Some(node)
    }
}

#[cfg(test)]
impl Tree {
    /// Every node: its rule and its place.
    pub(super) fn listed(&self) -> Vec<(Rule, u32, u32, u32)> {
        self.places.iter().map(|place| (place.rule, place.start, place.end, place.next)).collect()
    }
}
