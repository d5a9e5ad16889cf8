//! Between which ends the result of arithmetic with floating-point numbers lies, and whether it may leave their range.

use bigdecimal::{BigDecimal, Zero};

use crate::data::{Type, Value, exact};
use crate::expr::domain::Domain;
use crate::expr::domain::range::{Edge, Range};
use crate::expr::function::Gives;

/// What is known of a finite number: how far from zero it is at most, and at least where it is not zero.
struct Size {
    most: BigDecimal,
    least: Option<BigDecimal>,
}

impl Size {
    /// None where it may be infinite or no number at all.
    fn of(domain: &Domain) -> Option<Self> {
        let Range { low, high, scale, .. } = domain.range();
        let (low, high) = (finite(&low?.value)?, finite(&high?.value)?);
        let zero = BigDecimal::zero();
        let off_zero = if low > zero {
            Some(low.clone())
        } else if high < zero {
            Some(-&high)
        } else {
            scale.map(|digits| BigDecimal::new(1.into(), digits))
        };
        Some(Self { most: low.abs().max(high.abs()), least: off_zero })
    }
}

fn finite(value: &Value) -> Option<BigDecimal> {
    match value {
        Value::Real(value) => BigDecimal::try_from(*value).ok(),
        Value::Double(value) => BigDecimal::try_from(*value).ok(),
        other => exact(other),
    }
}

/// The result of arithmetic, and whether it may lie beyond the range of its type: too far from zero, or so near that it is
/// taken for zero. `None` where nothing is known of it.
pub(super) fn arithmetic(gives: Gives, operands: &[Domain], ty: Type) -> Option<(Domain, bool)> {
    if !matches!(ty, Type::Real | Type::Double) || operands.iter().any(|operand| operand.ty() != ty) {
        return None;
    }
    if gives == Gives::Magnitude {
        let range = Range { low: Some(Edge::closed(valued(&BigDecimal::zero(), ty)?)), ..Range::of_type(ty) };
        return Some((Domain::within(range, ty, false), true));
    }
    let sizes: Vec<Size> = operands.iter().map(Size::of).collect::<Option<_>>()?;
    let (most, least) = match (gives, &*sizes) {
        (Gives::Sum | Gives::Difference, [a, b]) => (&a.most + &b.most, None),
        (Gives::Product, [a, b]) => (&a.most * &b.most, Some(a.least.clone()? * b.least.clone()?)),
        (Gives::Quotient, [a, b]) => {
            let nearest = b.least.clone().filter(|least| !least.is_zero())?;
            let farthest = if b.most.is_zero() { return None } else { &b.most };
            (&a.most / nearest, Some(a.least.clone()? / farthest))
        }
        _ => return None,
    };
    let (smallest, greatest) = limits(ty)?;
    if most > greatest || least.is_some_and(|least| least < smallest) {
        return None;
    }
    // What is rounded may lie a little farther out.
    let end = &most * BigDecimal::new(1_000_001.into(), 6);
    let edge = |value: &BigDecimal| valued(value, ty).map(Edge::closed);
    let range = Range { low: edge(&-&end), high: edge(&end), ..Range::of_type(ty) };
    Some((Domain::within(range, ty, false), false))
}

/// How near to zero and how far from it the numbers of a type reach, with room for what is rounded.
fn limits(ty: Type) -> Option<(BigDecimal, BigDecimal)> {
    let (smallest, greatest) = if ty == Type::Real {
        (f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX))
    } else {
        (f64::MIN_POSITIVE, f64::MAX)
    };
    let room = |value: f64, by: f64| BigDecimal::try_from(value * by).ok();
    Some((room(smallest, 4.0)?, room(greatest, 0.25)?))
}

#[expect(clippy::cast_possible_truncation, reason = "the nearest number of the type is meant")]
fn valued(value: &BigDecimal, ty: Type) -> Option<Value> {
    let number: f64 = value.to_string().parse().ok()?;
    Some(if ty == Type::Real { Value::Real(number as f32) } else { Value::Double(number) })
}
