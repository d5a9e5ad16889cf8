//! The states that were seen: a hash table of words, and nothing else.

use crate::prove::word::Word;

/// What no state is: a row cannot be there and deleted at once.
fn empty<W: Word>() -> W {
    !W::ZERO
}

/// A set of states.
#[derive(Debug)]
pub(in crate::prove) struct Seen<W> {
    /// A power of two of places, of which at most half are taken.
    places: Vec<W>,
    count: usize,
}

impl<W: Word> Seen<W> {
    /// No state.
    pub(in crate::prove) fn new() -> Self {
        Self { places: Vec::new(), count: 0 }
    }

    /// Forgets all states, and makes room for about as many.
    pub(in crate::prove) fn clear(&mut self) {
        let room = self.count.next_power_of_two() * 2;
        if room < self.places.len() {
            self.places.truncate(room);
        }
        self.places.fill(empty());
        self.count = 0;
    }

    /// Adds a state; tells whether it is new.
    pub(in crate::prove) fn insert(&mut self, word: W) -> bool {
        if self.count * 2 >= self.places.len() {
            self.grow();
        }
        let at = self.find(word);
        let is_new = self.places[at] != word;
        if is_new {
            self.places[at] = word;
            self.count += 1;
        }
        is_new
    }

    /// Whether a state is among them.
    pub(in crate::prove) fn contains(&self, word: W) -> bool {
        !self.places.is_empty() && self.places[self.find(word)] == word
    }

    /// The place that a state has, or would have.
    fn find(&self, word: W) -> usize {
        let last = self.places.len() - 1;
        let mut at = word.hashed() & last;
        while self.places[at] != word && self.places[at] != empty() {
            at = (at + 1) & last;
        }
        at
    }

    fn grow(&mut self) {
        let room = (self.places.len() * 2).max(16);
        let old = std::mem::replace(&mut self.places, vec![empty(); room]);
        for word in old.into_iter().filter(|word| *word != empty()) {
            let at = self.find(word);
            self.places[at] = word;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_is_new_once() {
        let mut seen = Seen::<u64>::new();
        for round in 0..3 {
            for word in 0..1000 {
                assert!(!seen.contains(word * 64), "{word} in round {round}");
                assert!(seen.insert(word * 64));
                assert!(!seen.insert(word * 64));
            }
            assert!(seen.contains(64) && !seen.contains(65));
            seen.clear();
        }
    }
}
