//! Between which ends the result of arithmetic lies.

use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive, Zero};

use crate::data::calendar::{FIRST_DAY, LAST_DATE};
use crate::data::{Type, Value, numeric};
use crate::expr::domain::Domain;
use crate::expr::domain::range::{Edge, Range};
use crate::expr::function::Gives;

/// A product has so many digits after the decimal point at most before it is rounded.
const MOST_DIGITS: i64 = 1_000;

/// A number, or what is beyond all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Bound {
    Below,
    At(BigDecimal),
    Above,
}

use Bound::{Above, At, Below};

impl Bound {
    fn zero() -> Self {
        At(BigDecimal::zero())
    }

    fn negated(&self) -> Self {
        match self {
            Below => Above,
            At(value) => At(-value),
            Above => Below,
        }
    }

    /// The sum of two lower, or of two upper bounds.
    fn plus(&self, other: &Self) -> Self {
        match (self, other) {
            (At(one), At(other)) => At(one + other),
            (At(_), beyond) | (beyond, _) => beyond.clone(),
        }
    }

    fn times(&self, other: &Self) -> Self {
        let zero = Self::zero();
        match (self, other) {
            (At(one), At(other)) => At(one * other),
            _ if *self == zero || *other == zero => zero,
            _ if (*self > zero) == (*other > zero) => Above,
            _ => Below,
        }
    }

    /// Divided by what is greater than zero.
    fn over(&self, divisor: &Self) -> Self {
        match (self, divisor) {
            (_, Above) => Self::zero(),
            (At(value), At(divisor)) if !divisor.is_zero() => At(value / divisor),
            _ if *self == Self::zero() => Self::zero(),
            _ => {
                if *self > Self::zero() {
                    Above
                } else {
                    Below
                }
            }
        }
    }
}

/// The ends between which numbers lie.
#[derive(Clone, Debug)]
struct Ends(Bound, Bound);

impl Ends {
    fn of(domain: &Domain) -> Self {
        let Range { low, high, .. } = domain.range();
        let at = |edge: Option<Edge>| edge.and_then(|edge| counted(&edge.value));
        Self(at(low).map_or(Below, At), at(high).map_or(Above, At))
    }

    fn negated(&self) -> Self {
        Self(self.1.negated(), self.0.negated())
    }

    fn around(bounds: impl IntoIterator<Item = Bound>) -> Self {
        let mut bounds: Vec<Bound> = bounds.into_iter().collect();
        bounds.sort();
        let last = bounds.pop().unwrap_or_else(Bound::zero);
        Self(bounds.into_iter().next().unwrap_or_else(|| last.clone()), last)
    }

    fn greatest_magnitude(&self) -> Bound {
        self.1.clone().max(self.0.negated()).max(Bound::zero())
    }
}

/// Days of dates and whole numbers, as what they count.
fn counted(value: &Value) -> Option<BigDecimal> {
    match value {
        Value::Date(days) => Some(BigDecimal::from(i64::from(*days).clamp(FIRST_DAY, LAST_DATE))),
        Value::Real(value) => BigDecimal::try_from(*value).ok(),
        Value::Double(value) => BigDecimal::try_from(*value).ok(),
        other => crate::data::exact(other),
    }
}

/// The result of arithmetic on numbers that are exact, or dates, and whether it may lie beyond the ends of its type.
/// `None` where nothing is known of it.
pub(super) fn arithmetic(gives: Gives, operands: &[Domain], ty: Type) -> Option<(Domain, bool)> {
    let is_exact = |domain: &Domain| domain.ty().is_integer() || matches!(domain.ty(), Type::Numeric(_) | Type::Date);
    if !operands.iter().all(is_exact) {
        return None;
    }
    let is_whole = operands.iter().all(|domain| domain.ty().is_integer());
    let ends: Vec<Ends> = operands.iter().map(Ends::of).collect();
    let Ends(low, high) = match (gives, &*ends) {
        (Gives::Sum, [a, b]) => Ends(a.0.plus(&b.0), a.1.plus(&b.1)),
        (Gives::Difference, [a, b]) => Ends(a.0.plus(&b.1.negated()), a.1.plus(&b.0.negated())),
        (Gives::Product, [a, b]) => Ends::around([a.0.times(&b.0), a.0.times(&b.1), a.1.times(&b.0), a.1.times(&b.1)]),
        (Gives::Negative, [a]) => a.negated(),
        (Gives::Magnitude, [a]) => {
            let least = a.0.clone().max(a.1.negated()).max(Bound::zero());
            Ends(least, a.greatest_magnitude())
        }
        (Gives::Quotient, [a, b]) => quotient(a, b, &least_magnitude(operands.get(1)), is_whole),
        (Gives::Remainder, [a, b]) => {
            // It is nearer to zero than the divisor, by one digit at least.
            let step = digits(operands).map_or_else(Bound::zero, |digits| At(BigDecimal::new(1.into(), digits)));
            let most = b.greatest_magnitude().plus(&step.negated()).max(Bound::zero());
            let zero = Bound::zero();
            let low = a.0.clone().max(most.negated()).min(zero.clone());
            Ends(low, a.1.clone().min(most).max(zero))
        }
        _ => return None,
    };
    let (least, greatest) = limits(ty);
    let overflows = low < least || high > greatest || has_endless(operands);
    let scale = result_scale(gives, operands).filter(|_| matches!(ty, Type::Numeric(_)));
    let result = between((low.max(least), high.min(greatest)), scale, operands, ty);
    Some((result, overflows && !matches!(ty, Type::Numeric(_))))
}

/// The numbers whose magnitude is in a domain, and those between them.
pub(super) fn within_magnitude(magnitudes: &Domain, ty: Type) -> Option<Domain> {
    let high = magnitudes.range().high?;
    let most = crate::data::exact(&high.value)?;
    let same = |value: &BigDecimal| value.clone();
    let edge = |value: BigDecimal| Some(Edge { value: valued(&value, ty, same)?, open: high.open });
    let range = Range { low: Some(edge(-&most)?), high: Some(edge(most)?), ..Range::of_type(Type::Unknown) };
    Some(Domain::within(range, ty, magnitudes.may_be_null()))
}

/// What is left of a number when the whole number below it, above it or towards zero is taken away, named by the function
/// that gives that number; and the other way round where it is `upper`.
pub(super) fn fraction(whole: &str, operand: &Domain, negated: bool) -> Option<Domain> {
    let (below, above) = match (whole, negated) {
        ("floor", false) | ("ceil" | "ceiling", true) => (false, true),
        ("floor", true) | ("ceil" | "ceiling", false) => (true, false),
        ("trunc", _) => (true, true),
        _ => return None,
    };
    let ty = operand.ty();
    let end = |reaches: bool, one: i64| Edge {
        value: Value::Numeric(BigDecimal::from(if reaches { one } else { 0 })),
        open: reaches,
    };
    let scale = operand.range().scale;
    let range = Range { low: Some(end(below, -1)), high: Some(end(above, 1)), scale, ..Range::of_type(Type::Unknown) };
    matches!(ty, Type::Numeric(_)).then(|| Domain::within(range, Type::Numeric(None), operand.may_be_null()))
}

/// An infinite date stays infinite, and has no distance from another.
fn has_endless(operands: &[Domain]) -> bool {
    let endless = |domain: &Domain| domain.contains(&Value::Date(i32::MIN)) || domain.contains(&Value::Date(i32::MAX));
    operands.len() == 2 && operands.iter().all(|domain| domain.ty() == Type::Date) && operands.iter().any(endless)
}

/// Digits after the decimal point that none of the operands exceeds.
fn digits(operands: &[Domain]) -> Option<i64> {
    let of = |domain: &Domain| if domain.ty().is_integer() { Some(0) } else { domain.range().scale };
    operands.iter().map(of).try_fold(0, |most, digits| Some(most.max(digits?)))
}

/// Digits after the decimal point of an exact result, at most; none where it may be rounded.
fn result_scale(gives: Gives, operands: &[Domain]) -> Option<i64> {
    let scale = match gives {
        Gives::Sum | Gives::Difference | Gives::Remainder | Gives::Negative | Gives::Magnitude => digits(operands)?,
        Gives::Product => {
            let mut each = operands.iter().map(|domain| digits(std::slice::from_ref(domain)));
            each.try_fold(0_i64, |sum, digits| sum.checked_add(digits?))?
        }
        _ => return None,
    };
    (scale <= MOST_DIGITS).then_some(scale)
}

fn between((low, high): (Bound, Bound), scale: Option<i64>, operands: &[Domain], ty: Type) -> Domain {
    let edge = |bound: Bound, round: fn(&BigDecimal) -> BigDecimal| match bound {
        At(value) => valued(&value, ty, round).map(Edge::closed),
        _ => None,
    };
    let whole_low = |value: &BigDecimal| value.with_scale_round(0, RoundingMode::Floor);
    let whole_high = |value: &BigDecimal| value.with_scale_round(0, RoundingMode::Ceiling);
    let mut range = Range { low: edge(low, whole_low), high: edge(high, whole_high), ..Range::of_type(ty) };
    range.scale = scale.or(range.scale);
    // What is added to an infinite date does not move it.
    if ty == Type::Date {
        let has = |days: i32| operands.iter().any(|domain| domain.contains(&Value::Date(days)));
        range.low = range.low.filter(|_| !has(i32::MIN));
        range.high = range.high.filter(|_| !has(i32::MAX));
    }
    Domain::within(range, ty, false)
}

fn valued(value: &BigDecimal, ty: Type, round: fn(&BigDecimal) -> BigDecimal) -> Option<Value> {
    match ty {
        Type::Numeric(_) => Some(Value::Numeric(value.clone())),
        Type::SmallInt => round(value).to_i16().map(Value::SmallInt),
        Type::Integer => round(value).to_i32().map(Value::Integer),
        Type::BigInt => round(value).to_i64().map(Value::BigInt),
        Type::Date => round(value).to_i32().map(Value::Date),
        _ => None,
    }
}

/// The ends of a type.
fn limits(ty: Type) -> (Bound, Bound) {
    let at = |value: i64| At(BigDecimal::from(value));
    match ty {
        Type::SmallInt => (at(i64::from(i16::MIN)), at(i64::from(i16::MAX))),
        Type::Integer => (at(i64::from(i32::MIN)), at(i64::from(i32::MAX))),
        Type::BigInt => (at(i64::MIN), at(i64::MAX)),
        Type::Date => (at(FIRST_DAY), at(LAST_DATE)),
        _ => (Below, Above),
    }
}

/// How near to zero a divisor gets that is not zero.
fn least_magnitude(divisor: Option<&Domain>) -> Bound {
    let Some(divisor) = divisor else { return Bound::zero() };
    let digits = if divisor.ty().is_integer() { Some(0) } else { divisor.range().scale };
    digits.map_or_else(Bound::zero, |digits| At(BigDecimal::new(1.into(), digits)))
}

/// A quotient, by a divisor of each sign.
fn quotient(a: &Ends, b: &Ends, nearest: &Bound, is_whole: bool) -> Ends {
    let zero = Bound::zero();
    let mut bounds = Vec::new();
    let mut divide = |a: &Ends, b: &Ends| {
        if b.1 <= zero {
            return;
        }
        let least = b.0.clone().max(nearest.clone());
        for bound in [&a.0, &a.1] {
            bounds.extend([bound.over(&least), bound.over(&b.1)]);
        }
    };
    divide(a, b);
    divide(&a.negated(), &b.negated());
    let Ends(low, high) = Ends::around(bounds);
    if is_whole {
        return Ends(low, high);
    }
    // It is rounded to the nearest number with so many digits, or with more.
    let digits = quotient_digits(&Ends(low.clone(), high.clone()));
    let round = |bound: Bound, mode: RoundingMode| match bound {
        At(value) => At(value.with_scale_round(digits, mode)),
        beyond => beyond,
    };
    Ends(round(low, RoundingMode::Floor), round(high, RoundingMode::Ceiling))
}

/// Digits after the decimal point that a quotient has at least: PostgreSQL gives it sixteen that count, in groups of four,
/// of which the first one may be half empty.
fn quotient_digits(ends: &Ends) -> i64 {
    let At(most) = ends.greatest_magnitude() else { return 0 };
    let whole = most.with_scale_round(0, RoundingMode::Ceiling).to_string().len();
    let groups = i64::try_from(whole.div_ceil(4)).unwrap_or(i64::MAX / 4);
    (16 - 4 * groups).max(0)
}

/// Whether a number has no more digits after the decimal point than a type of floating-point numbers tells from zero.
pub(super) fn is_far_from_zero(domain: &Domain, ty: Type) -> bool {
    let most = if ty == Type::Real { 37 } else { 300 };
    let listed = domain.values().map(|values| {
        values
            .iter()
            .filter_map(|value| if let Value::Numeric(value) = value { Some(numeric::scale(value)) } else { None })
    });
    let scale = listed.map_or_else(|| domain.range().scale, Iterator::max);
    scale.is_some_and(|scale| scale <= most)
}
