//! What is known of one value.

use std::cmp::Ordering;

use crate::data::{Type, Value, compare};
use crate::expr::domain::range::{Edge, Range, is_exact};

/// So many values are listed one by one.
pub(super) const MAX_LISTED: usize = 64;
/// Of a longer text, in bytes, it is only known how long it is.
const LONGEST: usize = 1 << 12;

/// The first value is less than the second, of two that are not null.
pub(super) const LESS: u8 = 1;
/// They are equal.
pub(super) const EQUAL: u8 = 2;
/// The first is greater.
pub(super) const GREATER: u8 = 4;

/// What is known of a value: whether it may be null, and which values it may have otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    ty: Type,
    null: bool,
    some: Possible,
}

/// The values that are not null.
#[allow(clippy::large_enum_variant, reason = "few are alive at a time")]
#[derive(Clone, Debug, PartialEq)]
enum Possible {
    /// These, and no others.
    Listed(Vec<Value>),
    /// Those of a range.
    Within(Range),
}

impl Domain {
    /// Any value that a column of this type may have.
    #[must_use]
    pub fn of_type(ty: Type, nullable: bool) -> Self {
        let some = match ty {
            Type::Boolean => Possible::Listed(vec![Value::Boolean(false), Value::Boolean(true)]),
            _ => Possible::Within(Range::of_type(ty)),
        };
        Self { ty, null: nullable, some }
    }

    /// Just this value, null or not.
    #[must_use]
    pub fn constant(value: &Value, ty: Type) -> Self {
        Self::of_values([value.clone()], ty)
    }

    /// Just these values, null or not.
    #[must_use]
    pub fn of_values(values: impl IntoIterator<Item = Value>, ty: Type) -> Self {
        let (mut null, mut listed) = (false, Vec::new());
        for value in values {
            match value {
                Value::Null => null = true,
                value if listed.len() <= MAX_LISTED => add(&mut listed, value),
                value => listed.push(value),
            }
        }
        Self { ty, null, some: Possible::of(listed) }
    }

    pub(super) fn within(range: Range, ty: Type, null: bool) -> Self {
        Self { ty, null, some: Possible::within(range, ty) }
    }

    pub(super) fn nothing(ty: Type) -> Self {
        Self { ty, null: false, some: Possible::Listed(Vec::new()) }
    }

    pub(super) fn only_null(ty: Type) -> Self {
        Self { null: true, ..Self::nothing(ty) }
    }

    /// Its type.
    #[must_use]
    pub fn ty(&self) -> Type {
        self.ty
    }

    /// Whether it may be null.
    #[must_use]
    pub fn may_be_null(&self) -> bool {
        self.null
    }

    /// Whether it may have a value.
    #[must_use]
    pub fn may_be_some(&self) -> bool {
        self.some != Possible::Listed(Vec::new())
    }

    /// Whether there is no such value, so that what it belongs to never comes about.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        !self.null && !self.may_be_some()
    }

    /// All values besides null, where they are few enough to be listed.
    #[must_use]
    pub fn values(&self) -> Option<&[Value]> {
        if let Possible::Listed(values) = &self.some { Some(values) } else { None }
    }

    /// The least and the greatest value, where there are such ends.
    #[must_use]
    pub fn ends(&self) -> (Option<Value>, Option<Value>) {
        let range = self.range();
        (range.low.map(|edge| edge.value), range.high.map(|edge| edge.value))
    }

    /// The least and the greatest length of a text in characters, or of a `bytea` in bytes.
    #[must_use]
    pub fn length(&self) -> (u64, Option<u64>) {
        self.range().length
    }

    /// Whether this may be its value.
    #[must_use]
    pub fn contains(&self, value: &Value) -> bool {
        match &self.some {
            _ if value.is_null() => self.null,
            Possible::Listed(values) => values.iter().any(|listed| compare(listed, value).is_eq()),
            Possible::Within(range) => range.contains(value),
        }
    }

    /// The same, null or not as said.
    #[must_use]
    pub fn with_null(mut self, null: bool) -> Self {
        self.null = null;
        self
    }

    pub(super) fn retyped(mut self, ty: Type) -> Self {
        self.ty = ty;
        self
    }

    /// Its values as a range, which may be wider.
    pub(super) fn range(&self) -> Range {
        match &self.some {
            Possible::Listed(values) => Range::around(values, self.ty),
            Possible::Within(range) => range.clone(),
        }
    }

    /// What is known of a value that is known to be one or the other.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        let null = self.null || other.null;
        if !self.may_be_some() || !other.may_be_some() {
            let some = if self.may_be_some() { &self.some } else { &other.some };
            return Self { ty: self.ty, null, some: some.clone() };
        }
        if let (Possible::Listed(one), Possible::Listed(more)) = (&self.some, &other.some) {
            let mut all = one.clone();
            for value in more {
                add(&mut all, value.clone());
            }
            if all.len() <= MAX_LISTED {
                return Self { ty: self.ty, null, some: Possible::of(all) };
            }
        }
        let mut range = self.range().hull(&other.range());
        range.except = self.gaps(other).into_iter().filter(|value| range.contains(value)).collect();
        Self::within(range, self.ty, null)
    }

    /// Values that neither has, of which it is worth knowing.
    fn gaps(&self, other: &Self) -> Vec<Value> {
        let excluded = |domain: &Self| match &domain.some {
            Possible::Within(range) => range.except.clone(),
            Possible::Listed(_) => Vec::new(),
        };
        let zero = if self.ty.is_numeric() { Some(Value::Integer(0)) } else { None };
        let known = excluded(self).into_iter().chain(excluded(other)).chain(zero);
        known.filter(|value| !self.contains(value) && !other.contains(value)).collect()
    }

    /// What is known of a value that is known to be both.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        let null = self.null && other.null;
        let some = match (&self.some, &other.some) {
            (Possible::Listed(values), _) => Possible::of(other.among(values)),
            (_, Possible::Listed(values)) => Possible::of(self.among(values)),
            (Possible::Within(one), Possible::Within(another)) => Possible::within(one.overlap(another), self.ty),
        };
        Self { ty: self.ty, null, some }
    }

    fn among(&self, values: &[Value]) -> Vec<Value> {
        values.iter().filter(|value| self.contains(value)).cloned().collect()
    }

    /// The one value that it has besides null, if there is just one (or equal ones).
    pub(super) fn only(&self) -> Option<Value> {
        match &self.some {
            Possible::Listed(values) => match &**values {
                [only] => Some(only.clone()),
                _ => None,
            },
            Possible::Within(range) => range.only(),
        }
    }

    /// How a value of this and one of the other may stand to each other.
    pub(super) fn order(&self, other: &Self) -> u8 {
        if !self.may_be_some() || !other.may_be_some() {
            return 0;
        }
        if let (Possible::Listed(ones), Possible::Listed(others)) = (&self.some, &other.some) {
            let pairs = ones.iter().flat_map(|one| others.iter().map(move |other| compare(one, other)));
            return pairs.fold(0, |all, order| all | bit(order));
        }
        let (one, another) = (self.range(), other.range());
        let can_be_less = |a: &Range, b: &Range| match (&a.low, &b.high) {
            (Some(low), Some(high)) => compare(&low.value, &high.value).is_lt(),
            _ => true,
        };
        let less = if can_be_less(&one, &another) { LESS } else { 0 };
        let greater = if can_be_less(&another, &one) { GREATER } else { 0 };
        less | greater | if self.meet(&other.clone().with_null(false)).may_be_some() { EQUAL } else { 0 }
    }

    /// Those of its values that stand to one of the other's in such an order; null stays as it is.
    pub(super) fn limited(&self, orders: u8, other: &Self) -> Self {
        if let Possible::Listed(values) = &self.some {
            let fits = |value: &&Value| Self::constant(value, self.ty).order(other) & orders != 0;
            let values = values.iter().filter(fits).cloned().collect();
            return Self { some: Possible::of(values), ..self.clone() };
        }
        if !other.may_be_some() {
            return Self { some: Possible::Listed(Vec::new()), ..self.clone() };
        }
        let bound = other.range();
        let mut range = Range::of_type(Type::Unknown);
        match orders {
            EQUAL if is_exact(self.ty) => return self.meet(&other.clone().with_null(true)).with_null(self.null),
            // Equal numbers may have different scales.
            EQUAL => range = Range { scale: None, ..bound },
            LESS | 3 => range.high = bound.high.map(|edge| edge.opened(orders == LESS)),
            GREATER | 6 => range.low = bound.low.map(|edge| edge.opened(orders == GREATER)),
            5 => range.except.extend(other.only()),
            _ => {}
        }
        self.meet(&Self::within(range, self.ty, true))
    }
}

impl Possible {
    fn of(mut values: Vec<Value>) -> Self {
        values.sort_by(compare);
        let is_long = |value: &Value| matches!(value, Value::Text(text) | Value::Json(text) if text.len() > LONGEST);
        if values.len() <= MAX_LISTED && !values.iter().any(is_long) {
            return Self::Listed(values);
        }
        let ty = values.first().and_then(Value::ty).unwrap_or(Type::Unknown);
        Self::Within(Range::around(&values, ty))
    }

    fn within(range: Range, ty: Type) -> Self {
        let range = range.tightened(ty);
        if range.is_empty() {
            return Self::Listed(Vec::new());
        }
        range.listed(ty, MAX_LISTED).map_or(Self::Within(range), Self::Listed)
    }
}

/// Adds a value, unless it is there. Equal values that look different, as `1.0` and `1.00`, are two.
fn add(values: &mut Vec<Value>, value: Value) {
    let is_there = |listed: &Value| compare(listed, &value).is_eq() && listed.to_string() == value.to_string();
    if !values.iter().any(is_there) {
        values.push(value);
    }
}

fn bit(order: Ordering) -> u8 {
    match order {
        Ordering::Less => LESS,
        Ordering::Equal => EQUAL,
        Ordering::Greater => GREATER,
    }
}

impl Edge {
    fn opened(self, open: bool) -> Self {
        Self { open: self.open || open, ..self }
    }
}
