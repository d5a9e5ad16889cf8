//! Values between two ends.

use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, RoundingMode};

use crate::data::{Type, Value, compare, exact, numeric};

/// So many single values are left out of a range at most.
const MAX_EXCEPT: usize = 16;

/// An end of a range.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Edge {
    pub value: Value,
    /// The end itself is not in the range.
    pub open: bool,
}

impl Edge {
    pub(super) fn closed(value: Value) -> Self {
        Self { value, open: false }
    }
}

/// Values between two ends, each of which may be missing. Where there is no upper end, a NaN is in the range.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Range {
    pub low: Option<Edge>,
    pub high: Option<Edge>,
    /// These are not in the range.
    pub except: Vec<Value>,
    /// The least and the greatest length of a text, in characters, or of a `bytea`, in bytes.
    pub length: (u64, Option<u64>),
    /// Digits after the decimal point of a `numeric`, at most.
    pub scale: Option<i64>,
}

impl Range {
    /// All values that a column of this type may have.
    pub(super) fn of_type(ty: Type) -> Self {
        let (mut ends, mut length, mut scale) = (None, (0, None), None);
        match ty {
            Type::SmallInt => ends = Some((Value::SmallInt(i16::MIN), Value::SmallInt(i16::MAX))),
            Type::Integer => ends = Some((Value::Integer(i32::MIN), Value::Integer(i32::MAX))),
            Type::BigInt => ends = Some((Value::BigInt(i64::MIN), Value::BigInt(i64::MAX))),
            Type::Numeric(Some((precision, digits))) => {
                let nines = BigInt::from(10).pow(u32::from(precision)) - 1;
                let most = BigDecimal::new(nines, i64::from(digits));
                ends = Some((Value::Numeric(-&most), Value::Numeric(most)));
                scale = Some(i64::from(digits.max(0)));
            }
            Type::Varchar(Some(most)) => length.1 = Some(u64::from(most)),
            _ => {}
        }
        let (low, high) = ends.map_or((None, None), |(low, high)| (Some(Edge::closed(low)), Some(Edge::closed(high))));
        Self { low, high, except: Vec::new(), length, scale }
    }

    /// The least range with these values.
    pub(super) fn around(values: &[Value], ty: Type) -> Self {
        let mut range = Self::of_type(Type::Unknown);
        if has_ends(ty) {
            range.low = values.iter().min_by(|a, b| compare(a, b)).cloned().map(Edge::closed);
            range.high = values.iter().max_by(|a, b| compare(a, b)).cloned().map(Edge::closed);
            // A NaN is what has no upper end.
            range.high = range.high.filter(|edge| !is_nan(&edge.value));
        }
        let lengths = values.iter().map(length_of);
        range.length = (lengths.clone().min().unwrap_or(0), lengths.max());
        range.scale = values.iter().map(scale_of).max().flatten();
        range
    }

    pub(super) fn contains(&self, value: &Value) -> bool {
        let above = self.low.as_ref().is_none_or(|low| {
            let order = compare(value, &low.value);
            order.is_gt() || (order.is_eq() && !low.open)
        });
        let below = self.high.as_ref().is_none_or(|high| {
            let order = compare(value, &high.value);
            order.is_lt() || (order.is_eq() && !high.open)
        });
        let fits = !is_sized(value) || {
            let length = length_of(value);
            length >= self.length.0 && self.length.1.is_none_or(|most| length <= most)
        };
        above && below && fits && !self.except.iter().any(|gap| compare(gap, value).is_eq())
    }

    /// The one value in it, if there is just one.
    pub(super) fn only(&self) -> Option<Value> {
        match (&self.low, &self.high) {
            (Some(low), Some(high)) if compare(&low.value, &high.value).is_eq() => Some(low.value.clone()),
            _ => None,
        }
    }

    /// The least range that has both; what is left out of them is forgotten.
    pub(super) fn hull(&self, other: &Self) -> Self {
        let (low, high) =
            (wider(self.low.as_ref(), other.low.as_ref(), false), wider(self.high.as_ref(), other.high.as_ref(), true));
        let longest = self.length.1.and_then(|one| other.length.1.map(|other| one.max(other)));
        let length = (self.length.0.min(other.length.0), longest);
        let scale = self.scale.and_then(|one| other.scale.map(|other| one.max(other)));
        Self { low, high, except: Vec::new(), length, scale }
    }

    /// What is in both.
    pub(super) fn overlap(&self, other: &Self) -> Self {
        let (low, high) = (
            narrower(self.low.as_ref(), other.low.as_ref(), false),
            narrower(self.high.as_ref(), other.high.as_ref(), true),
        );
        let mut except = self.except.clone();
        except.extend(other.except.iter().filter(|gap| !self.except.contains(gap)).cloned());
        except.truncate(MAX_EXCEPT);
        let least = |one: Option<u64>, other: Option<u64>| one.into_iter().chain(other).min();
        let length = (self.length.0.max(other.length.0), least(self.length.1, other.length.1));
        let scale = self.scale.into_iter().chain(other.scale).min();
        Self { low, high, except, length, scale }
    }

    pub(super) fn is_empty(&self) -> bool {
        let crossed = match (&self.low, &self.high) {
            (Some(low), Some(high)) => {
                let order = compare(&low.value, &high.value);
                order.is_gt()
                    || (order.is_eq()
                        && (low.open || high.open || self.except.iter().any(|gap| compare(gap, &low.value).is_eq())))
            }
            _ => false,
        };
        crossed || self.length.1.is_some_and(|most| most < self.length.0)
    }

    /// With ends that are in the range, where the type counts one by one.
    pub(super) fn tightened(mut self, ty: Type) -> Self {
        if !has_ends(ty) {
            (self.low, self.high) = (None, None);
        }
        // What is not empty has a character.
        if self.except.iter().any(|gap| is_sized(gap) && length_of(gap) == 0) {
            self.length.0 = self.length.0.max(1);
        }
        if let (Type::Numeric(_), Some(digits)) = (ty, self.scale) {
            return self.in_steps(digits);
        }
        if !is_counted(ty) {
            return self;
        }
        let outside =
            |edge: &Edge, gaps: &[Value]| edge.open || gaps.iter().any(|gap| compare(gap, &edge.value).is_eq());
        for _ in 0..=MAX_EXCEPT {
            let next = |edge: Option<Edge>, by: i64| match edge {
                Some(edge) => {
                    let by = if outside(&edge, &self.except) { by } else { 0 };
                    stepped(&edge.value, by, ty).map(Edge::closed).or(Some(edge))
                }
                None => None,
            };
            (self.low, self.high) = (next(self.low.take(), 1), next(self.high.take(), -1));
        }
        self
    }

    /// The same of numbers with so many digits after the decimal point.
    fn in_steps(mut self, digits: i64) -> Self {
        let step = BigDecimal::new(1.into(), digits);
        let moved = |edge: Edge, mode: RoundingMode, by: BigDecimal| {
            let Some(value) = exact(&edge.value) else { return edge };
            let rounded = value.with_scale_round(digits, mode);
            if !edge.open && rounded == value {
                return edge;
            }
            let value = if rounded == value { rounded + by } else { rounded };
            Edge::closed(Value::Numeric(value))
        };
        self.low = self.low.map(|edge| moved(edge, RoundingMode::Ceiling, step.clone()));
        self.high = self.high.map(|edge| moved(edge, RoundingMode::Floor, -step));
        self
    }

    /// All its values, if they are counted and no more than `most`.
    pub(super) fn listed(&self, ty: Type, most: usize) -> Option<Vec<Value>> {
        let (low, high) = (self.low.as_ref()?, self.high.as_ref()?);
        if !is_counted(ty) {
            let single = is_exact(ty) && !low.open && !high.open && compare(&low.value, &high.value).is_eq();
            return single.then(|| vec![low.value.clone()]);
        }
        let (first, last) = (count(&low.value)?, count(&high.value)?);
        if low.open || high.open || last.checked_sub(first)? >= i64::try_from(most).ok()? {
            return None;
        }
        let values: Option<Vec<Value>> = (first..=last).map(|number| counted(number, ty)).collect();
        Some(values?.into_iter().filter(|value| self.contains(value)).collect())
    }
}

/// Whether equal values of this type are the same in every way.
pub(super) fn is_exact(ty: Type) -> bool {
    !matches!(
        ty,
        Type::Numeric(_) | Type::Real | Type::Double | Type::Interval | Type::Json | Type::Jsonb | Type::Unknown
    )
}

/// Whether it is worth knowing between which ends a value of this type lies. Texts are in an order that the database chooses.
fn has_ends(ty: Type) -> bool {
    ty.is_numeric() || ty.is_time() || ty == Type::Interval
}

/// Whether each value of this type has a next one that is one more.
fn is_counted(ty: Type) -> bool {
    ty.is_integer() || ty == Type::Date
}

fn count(value: &Value) -> Option<i64> {
    match value {
        Value::SmallInt(value) => Some(i64::from(*value)),
        Value::Integer(value) => Some(i64::from(*value)),
        Value::Date(days) if *days != i32::MIN && *days != i32::MAX => Some(i64::from(*days)),
        Value::BigInt(value) => Some(*value),
        _ => None,
    }
}

fn counted(number: i64, ty: Type) -> Option<Value> {
    match ty {
        Type::SmallInt => i16::try_from(number).ok().map(Value::SmallInt),
        Type::Integer => i32::try_from(number).ok().map(Value::Integer),
        Type::BigInt => Some(Value::BigInt(number)),
        Type::Date => i32::try_from(number).ok().map(Value::Date),
        _ => None,
    }
}

fn stepped(value: &Value, by: i64, ty: Type) -> Option<Value> {
    counted(count(value)?.checked_add(by)?, ty)
}

fn is_nan(value: &Value) -> bool {
    match value {
        Value::Real(value) => value.is_nan(),
        Value::Double(value) => value.is_nan(),
        _ => false,
    }
}

fn is_sized(value: &Value) -> bool {
    matches!(value, Value::Text(_) | Value::Bytea(_))
}

fn length_of(value: &Value) -> u64 {
    match value {
        Value::Text(text) => text.chars().count() as u64,
        Value::Bytea(bytes) => bytes.len() as u64,
        _ => 0,
    }
}

fn scale_of(value: &Value) -> Option<i64> {
    if let Value::Numeric(value) = value { Some(numeric::scale(value)) } else { None }
}

fn wider(one: Option<&Edge>, other: Option<&Edge>, upper: bool) -> Option<Edge> {
    let (one, other) = (one?, other?);
    let order = compare(&one.value, &other.value);
    let takes_one = if order.is_eq() { !one.open } else { order.is_gt() == upper };
    Some(if takes_one { one } else { other }.clone())
}

fn narrower(one: Option<&Edge>, other: Option<&Edge>, upper: bool) -> Option<Edge> {
    let (Some(one), Some(other)) = (one, other) else { return one.or(other).cloned() };
    let order = compare(&one.value, &other.value);
    let takes_one = if order.is_eq() { one.open } else { order.is_lt() == upper };
    Some(if takes_one { one } else { other }.clone())
}
