//! Facts: what the business knows about a row, and which columns carry it.
//!
//! Every column of the starting schema is a fact. A column filled by `backfill` or `sync` carries the facts of the
//! columns in its expression, through any number of links; a column that nothing fills, or only `seed` or a default, is
//! a fact of its own. Facts that are linked form a group; groups do not influence each other.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::catalog::{Catalog, ColumnId};
use crate::plan::{Effect, Filling, FillingKind};

/// A fact, called by the column that it was first known as.
pub type FactId = ColumnId;

/// Which columns carry which facts.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    carried: FxHashMap<ColumnId, Carried>,
    bits: FxHashMap<FactId, u32>,
    /// The columns that each column is filled from.
    sources: BTreeMap<ColumnId, BTreeSet<ColumnId>>,
}

#[derive(Clone, Debug, Default)]
struct Carried {
    facts: Vec<FactId>,
    mask: u64,
}

impl Facts {
    /// The facts that a column carries, sorted.
    #[must_use]
    pub fn of(&self, column: ColumnId) -> &[FactId] {
        self.carried.get(&column).map_or(&[], |carried| &carried.facts)
    }

    /// The same as bits 0 to 62, numbered within the group of linked facts: two columns of one group share a fact
    /// exactly where their masks share a bit. (Facts of a group beyond the 63rd share the last bit.)
    #[must_use]
    pub fn mask(&self, column: ColumnId) -> u64 {
        self.carried.get(&column).map_or(0, |carried| carried.mask)
    }

    /// The bit of one fact in such masks.
    #[must_use]
    pub fn bit(&self, fact: FactId) -> u64 {
        self.bits.get(&fact).map_or(0, |bit| 1 << bit)
    }

    /// Whether two columns are parts of the same thing: both are filled from a third, and neither from the other, as a
    /// first and a last name are from a full one.
    #[must_use]
    pub fn are_parts(&self, one: ColumnId, other: ColumnId) -> bool {
        let (Some(of_one), Some(of_other)) = (self.sources.get(&one), self.sources.get(&other)) else { return false };
        !of_one.contains(&other) && !of_other.contains(&one) && !of_one.is_disjoint(of_other)
    }
}

/// Gathers the links of a plan, statement by statement.
#[derive(Debug, Default)]
pub struct FactsBuilder {
    /// The columns that each column is filled from.
    sources: BTreeMap<ColumnId, BTreeSet<ColumnId>>,
    added: BTreeSet<ColumnId>,
}

impl FactsBuilder {
    /// Takes in what an action is about.
    pub fn follow(&mut self, effect: &Effect<'_>) {
        self.added.extend(effect.adds.iter().map(|(_, column)| column.id));
        // What a copy finds in a column that was there before stays: it is data of its own.
        let is_own = |filling: &Filling<'_>| filling.kind == FillingKind::Copy && !self.added.contains(&filling.column);
        let carrying: Vec<&Filling<'_>> =
            effect.fills.iter().filter(|filling| filling.carries_over() && !is_own(filling)).collect();
        for filling in carrying {
            self.link(filling.column, filling.sources.iter().copied());
        }
    }

    fn link(&mut self, target: ColumnId, sources: impl Iterator<Item = ColumnId>) {
        let entry = self.sources.entry(target).or_default();
        entry.extend(sources.filter(|source| *source != target));
    }

    /// The facts of a plan that starts from `start`.
    #[must_use]
    pub fn build(&self, start: &Catalog) -> Facts {
        let mut carried: BTreeMap<ColumnId, BTreeSet<FactId>> = BTreeMap::new();
        let started = start.tables().flat_map(|table| table.columns()).map(|column| column.id);
        for column in started {
            carried.entry(column).or_default().insert(column);
        }
        for column in &self.added {
            let filled = self.sources.get(column).is_some_and(|sources| !sources.is_empty());
            let facts = carried.entry(*column).or_default();
            if !filled {
                facts.insert(*column);
            }
        }
        let mut reached = carried.clone();
        self.spread(&mut reached, &|_, _, _| true);
        // A source that is reached by the target's own fact is that fact in another form: of a name split and joined
        // again, the first name learns nothing of the last. What the source itself is known for it teaches anyway:
        // two columns that were there before and are kept in step are one.
        let teaches = |source: ColumnId, target: ColumnId, fact: FactId| {
            let own = carried.get(&target).is_some_and(|facts| facts.contains(&target));
            !own || fact == source || reached.get(&source).is_none_or(|facts| !facts.contains(&target))
        };
        let mut learnt = carried.clone();
        self.spread(&mut learnt, &teaches);
        // Columns that only fill one another stand for a fact that the plan brings in.
        while let Some(origin) = learnt.iter().find(|(_, facts)| facts.is_empty()).map(|(column, _)| *column) {
            learnt.entry(origin).or_default().insert(origin);
            self.spread(&mut learnt, &teaches);
        }
        number(learnt, self.sources.clone())
    }

    /// Carries facts along the links, those that a source `teaches` its target, until nothing changes.
    fn spread(
        &self,
        carried: &mut BTreeMap<ColumnId, BTreeSet<FactId>>,
        teaches: &dyn Fn(ColumnId, ColumnId, FactId) -> bool,
    ) {
        let mut changed = true;
        while changed {
            changed = false;
            for (target, sources) in &self.sources {
                let taught = |source: &ColumnId| {
                    let facts = carried.get(source).into_iter().flatten().copied();
                    facts.filter(|fact| teaches(*source, *target, *fact)).collect::<Vec<_>>()
                };
                let arriving: Vec<FactId> = sources.iter().flat_map(taught).collect();
                let facts = carried.entry(*target).or_default();
                let before = facts.len();
                facts.extend(arriving);
                changed |= facts.len() > before;
            }
        }
    }
}

/// Gives the facts of each group the bits from 0.
fn number(carried: BTreeMap<ColumnId, BTreeSet<FactId>>, sources: BTreeMap<ColumnId, BTreeSet<ColumnId>>) -> Facts {
    const LAST_BIT: u32 = 62;
    let groups = groups(&carried);
    let mut used: FxHashMap<FactId, u32> = FxHashMap::default();
    let mut bits: FxHashMap<FactId, u32> = FxHashMap::default();
    for facts in carried.values() {
        for fact in facts {
            if !bits.contains_key(fact) {
                let next = used.entry(groups[fact]).or_default();
                bits.insert(*fact, (*next).min(LAST_BIT));
                *next += 1;
            }
        }
    }
    let carried = carried.into_iter().map(|(column, facts)| {
        let mask = facts.iter().fold(0, |mask, fact| mask | 1 << bits[fact]);
        (column, Carried { facts: facts.into_iter().collect(), mask })
    });
    Facts { carried: carried.collect(), bits, sources }
}

/// The group of each fact, called by its least fact: facts that some column carries together are in one.
fn groups(carried: &BTreeMap<ColumnId, BTreeSet<FactId>>) -> FxHashMap<FactId, FactId> {
    let mut group: FxHashMap<FactId, FactId> = FxHashMap::default();
    for facts in carried.values() {
        let roots: BTreeSet<FactId> = facts.iter().map(|fact| root(&group, *fact)).collect();
        if let Some(least) = roots.first().copied() {
            for other in roots {
                group.insert(other, least);
            }
        }
    }
    let all: Vec<FactId> = carried.values().flatten().copied().collect();
    all.into_iter().map(|fact| (fact, root(&group, fact))).collect()
}

fn root(group: &FxHashMap<FactId, FactId>, mut fact: FactId) -> FactId {
    while let Some(next) = group.get(&fact).filter(|next| **next != fact) {
        fact = *next;
    }
    fact
}
