//! A state in one machine word, and the little operations that events are compiled to.

use std::fmt::Debug;
use std::hash::Hash;
use std::ops::{BitAnd, BitOr, Not, Shl, Shr};

/// The bits of a state.
pub(super) trait Word:
    Copy
    + Eq
    + Ord
    + Hash
    + Debug
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + Not<Output = Self>
    + Shl<u32, Output = Self>
    + Shr<u32, Output = Self>
{
    /// No bit.
    const ZERO: Self;
    /// The lowest bit.
    const ONE: Self;

    /// Spread over 32 bits, for tables of words.
    fn hashed(self) -> usize;

    /// One bit.
    fn bit(at: u32) -> Self {
        Self::ONE << at
    }

    /// These bits.
    fn bits(at: impl IntoIterator<Item = u32>) -> Self {
        at.into_iter().fold(Self::ZERO, |word, at| word | Self::bit(at))
    }

    /// Whether a bit is set.
    fn has(self, at: u32) -> bool {
        self & Self::bit(at) != Self::ZERO
    }

    /// With a bit set or cleared.
    fn with(self, at: u32, set: bool) -> Self {
        if set { self | Self::bit(at) } else { self & !Self::bit(at) }
    }
}

impl Word for u64 {
    const ZERO: Self = 0;
    const ONE: Self = 1;

    fn hashed(self) -> usize {
        let spread = (self ^ self >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        usize::try_from(spread >> 32).unwrap_or_default()
    }
}

impl Word for u128 {
    const ZERO: Self = 0;
    const ONE: Self = 1;

    fn hashed(self) -> usize {
        let half = |word: u128| u64::try_from(word & u128::from(u64::MAX)).unwrap_or_default();
        (half(self >> 64).wrapping_mul(0xd6e8_feb8_6659_fd93) ^ half(self)).hashed()
    }
}

/// Bits, and what they must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pattern<W> {
    mask: W,
    value: W,
}

impl<W: Word> Pattern<W> {
    /// What every state matches.
    pub(super) const ANY: Self = Self { mask: W::ZERO, value: W::ZERO };

    /// With one more bit to be as `set` says.
    pub(super) fn and(self, at: u32, set: bool) -> Self {
        Self { mask: self.mask | W::bit(at), value: self.value.with(at, set) }
    }

    /// With one bit to be as it may be.
    pub(super) fn without(self, at: u32) -> Self {
        Self { mask: self.mask & !W::bit(at), value: self.value & !W::bit(at) }
    }

    /// What matches both, if anything can.
    pub(super) fn meet(self, other: Self) -> Option<Self> {
        let both = self.mask & other.mask;
        let agree = self.value & both == other.value & both;
        agree.then(|| Self { mask: self.mask | other.mask, value: self.value | other.value })
    }

    /// What is known of these bits: that all are set, that one is not, or nothing.
    fn all_set(self, bits: W) -> Option<bool> {
        if self.mask & !self.value & bits != W::ZERO {
            return Some(false);
        }
        (self.mask & bits == bits).then_some(true)
    }

    /// What is known of these bits: that one is set, that none is, or nothing.
    fn any_set(self, bits: W) -> Option<bool> {
        if self.value & bits != W::ZERO {
            return Some(true);
        }
        (self.mask & bits == bits).then_some(false)
    }

    /// Whether a state matches.
    pub(super) fn matches(self, word: W) -> bool {
        word & self.mask == self.value
    }
}

/// One step of what an event does to a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Op<W> {
    /// Keeps the bits of the first word, and sets those of the second.
    Put(W, W),
    /// A bit becomes set where all of these are.
    All(W, u32),
    /// A bit becomes set where one of these is.
    Any(W, u32),
    /// A bit is looked up in a table by the values of others, the first of them being the lowest digit.
    Look(Box<[u32]>, u64, u32),
    /// The same, but a bit that is set stays set.
    LookToo(Box<[u32]>, u64, u32),
}

impl<W: Word> Op<W> {
    /// Sets or clears one bit.
    pub(super) fn assign(at: u32, set: bool) -> Self {
        Self::Put(!W::bit(at), if set { W::bit(at) } else { W::ZERO })
    }

    /// The bit that it sets or clears, where that is known beforehand.
    fn outcome(&self, known: Pattern<W>) -> Option<(u32, bool)> {
        match self {
            Self::Put(..) => None,
            Self::All(mask, to) => known.all_set(*mask).map(|set| (*to, set)),
            Self::Any(mask, to) => known.any_set(*mask).map(|set| (*to, set)),
            Self::LookToo(_, _, to) if known.any_set(W::bit(*to)) == Some(true) => Some((*to, true)),
            Self::LookToo(inputs, table, to) => {
                let (_, set) = Self::Look(inputs.clone(), *table, *to).outcome(known)?;
                if set { Some((*to, true)) } else { known.any_set(W::bit(*to)).map(|before| (*to, before)) }
            }
            Self::Look(inputs, table, to) => {
                let fits = |index: u32| {
                    let bits = inputs.iter().enumerate().map(|(at, bit)| (bit, index >> at & 1 == 1));
                    bits.into_iter().all(|(bit, set)| known.any_set(W::bit(*bit)).is_none_or(|known| known == set))
                };
                let mut results =
                    (0..1_u32 << inputs.len()).filter(|index| fits(*index)).map(|index| table >> index & 1);
                let first = results.next()?;
                results.all(|result| result == first).then_some((*to, first == 1))
            }
        }
    }

    /// What is known after it.
    fn known_after(&self, known: Pattern<W>) -> Pattern<W> {
        match self {
            Self::Put(keep, set) => Pattern { mask: known.mask | !*keep | *set, value: known.value & *keep | *set },
            Self::All(_, to) | Self::Any(_, to) | Self::Look(_, _, to) | Self::LookToo(_, _, to) => {
                Pattern { mask: known.mask & !W::bit(*to), value: known.value & !W::bit(*to) }
            }
        }
    }

    fn run(&self, word: W) -> W {
        match self {
            Self::Put(keep, set) => word & *keep | *set,
            Self::All(mask, to) => word.with(*to, word & *mask == *mask),
            Self::Any(mask, to) => word.with(*to, word & *mask != W::ZERO),
            Self::Look(inputs, table, to) => word.with(*to, table >> index(inputs, word) & 1 == 1),
            Self::LookToo(inputs, table, to) => word.with(*to, word.has(*to) || table >> index(inputs, word) & 1 == 1),
        }
    }
}

/// Where a table is looked up: the first bit is the lowest digit.
fn index<W: Word>(inputs: &[u32], word: W) -> u32 {
    inputs.iter().rev().fold(0, |index, at| index << 1 | u32::from(word.has(*at)))
}

/// The operations of one event, with those beside each other that can be done at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Program<W>(Vec<Op<W>>);

impl<W: Word> Program<W> {
    /// No operation.
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Appends an operation.
    pub(super) fn push(&mut self, op: Op<W>) {
        if let (Some(Op::Put(keep, set)), Op::Put(next_keep, next_set)) = (self.0.last_mut(), &op) {
            *set = *set & *next_keep | *next_set;
            *keep = *keep & *next_keep;
            return;
        }
        self.0.push(op);
    }

    /// The same for states of a pattern, with what is the same for all of them worked out; and what is known afterwards.
    pub(super) fn settled(&self, mut known: Pattern<W>) -> (Self, Pattern<W>) {
        let mut code = Self::new();
        for op in &self.0 {
            let op = op.outcome(known).map_or_else(|| op.clone(), |(to, set)| Op::assign(to, set));
            known = op.known_after(known);
            code.push(op);
        }
        (code, known)
    }

    /// The state after the event.
    pub(super) fn run(&self, word: W) -> W {
        self.0.iter().fold(word, |word, op| op.run(word))
    }

    /// Its operations but for those that work out one of these bits.
    pub(super) fn without(self, bits: &[u32]) -> Vec<Op<W>> {
        let works_out = |op: &Op<W>| matches!(op, Op::Any(_, to) | Op::LookToo(_, _, to) if bits.contains(to));
        self.0.into_iter().filter(|op| !works_out(op)).collect()
    }

    /// Whether it changes nothing, ever.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
