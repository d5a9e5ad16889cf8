//! Which types PostgreSQL changes into which: by itself, when a value is assigned to a column, or when asked.

use crate::data::Type;
use crate::expr::function::{Function, Param};

/// Who asked for a change of type. Later ones may do more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// Nobody: an operand is made to fit.
    Implicit,
    /// A column takes the value.
    Assignment,
    /// `cast(… as …)`.
    Explicit,
}

/// Families of types, within which PostgreSQL prefers one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    Boolean,
    Number,
    Text,
    Time,
    Span,
    Other,
    Any,
}

pub(super) fn category(ty: Type) -> Category {
    match ty {
        Type::Boolean => Category::Boolean,
        _ if ty.is_numeric() => Category::Number,
        _ if ty.is_text() => Category::Text,
        _ if ty.is_time() => Category::Time,
        Type::Interval => Category::Span,
        _ => Category::Other,
    }
}

fn is_preferred(ty: Type) -> bool {
    matches!(ty, Type::Boolean | Type::Double | Type::Text | Type::TimestampTz | Type::Interval)
}

#[allow(clippy::match_same_arms, reason = "in the order of PostgreSQL's rules")]
/// The least strength that changes one type into the other; `None` where even a cast does not.
pub(super) fn strength(from: Type, to: Type) -> Option<Strength> {
    use Strength::{Assignment, Explicit, Implicit};
    if from == Type::Unknown || from.unconstrained() == to.unconstrained() {
        return Some(Implicit);
    }
    match (from, to) {
        _ if from.is_text() && to.is_text() => Some(Implicit),
        _ if to.is_text() => Some(Assignment),
        _ if from.is_text() => Some(Explicit),
        _ if from.is_numeric() && to.is_numeric() => Some(if width(from) < width(to) { Implicit } else { Assignment }),
        (Type::Integer, Type::Boolean) | (Type::Boolean, Type::Integer) => Some(Explicit),
        (Type::Date, Type::Timestamp | Type::TimestampTz) | (Type::Timestamp, Type::TimestampTz) => Some(Implicit),
        (Type::Timestamp | Type::TimestampTz, Type::Date) | (Type::TimestampTz, Type::Timestamp) => Some(Assignment),
        (Type::Json, Type::Jsonb) | (Type::Jsonb, Type::Json) => Some(Assignment),
        (Type::Jsonb, Type::Boolean) => Some(Explicit),
        (Type::Jsonb, to) if to.is_numeric() => Some(Explicit),
        _ => None,
    }
}

/// The place of a number type in the chain along which PostgreSQL widens.
fn width(ty: Type) -> u8 {
    match ty {
        Type::SmallInt => 0,
        Type::Integer => 1,
        Type::BigInt => 2,
        Type::Numeric(_) => 3,
        Type::Real => 4,
        _ => 5,
    }
}

/// Whether PostgreSQL changes the type by itself.
pub(super) fn is_implicit(from: Type, to: Type) -> bool {
    strength(from, to) == Some(Strength::Implicit)
}

/// The type that the branches of a `case` or `coalesce` share; `Err` has the two types that cannot meet.
pub(super) fn common_type(types: &[Type]) -> Result<Type, (Type, Type)> {
    let mut known = types.iter().copied().filter(|ty| *ty != Type::Unknown);
    let Some(first) = known.next() else { return Ok(Type::Text) };
    if types.iter().all(|ty| *ty == first) {
        return Ok(first);
    }
    let mut common = first.unconstrained();
    for ty in known.map(Type::unconstrained) {
        if ty == common {
            continue;
        }
        if category(ty) != category(common) || category(ty) == Category::Other {
            return Err((common, ty));
        }
        if !is_preferred(common) && is_implicit(common, ty) && !is_implicit(ty, common) {
            common = ty;
        }
    }
    let lost = types.iter().find(|ty| !is_implicit(**ty, common));
    lost.map_or(Ok(common), |ty| Err((common, *ty)))
}

/// The function that PostgreSQL would call for operands of these types.
pub(super) fn select(candidates: &[&'static Function], types: &[Type]) -> Option<&'static Function> {
    let types: Vec<Type> = types.iter().map(|ty| ty.unconstrained()).collect();
    let right_count = candidates.iter().copied().filter(|function| function.takes(types.len()));
    let fitting: Vec<_> = right_count.filter(|function| accepts(function, &types)).collect();
    if let Some(exact) = exact(&fitting, &types) {
        return Some(exact);
    }
    let fitting = keep_best(fitting, |function| count(function, &types, |param, ty| param == Param::Is(ty)));
    let fitting = keep_best(fitting, |function| {
        count(function, &types, |param, ty| {
            param == Param::Is(ty)
                || matches!(param, Param::Is(to) if ty != Type::Unknown && is_preferred(to) && category(to) == category(ty))
        })
    });
    if fitting.len() > 1 { by_unknowns(fitting, &types) } else { fitting.first().copied() }
}

fn accepts(function: &Function, types: &[Type]) -> bool {
    count(function, types, |param, ty| match param {
        Param::Is(to) => is_implicit(ty, to),
        Param::Any => true,
    }) == types.len()
}

fn count(function: &Function, types: &[Type], holds: impl Fn(Param, Type) -> bool) -> usize {
    types.iter().enumerate().filter(|(at, ty)| holds(function.param(*at), **ty)).count()
}

fn keep_best(functions: Vec<&'static Function>, score: impl Fn(&Function) -> usize) -> Vec<&'static Function> {
    let best = functions.iter().map(|function| score(function)).max().unwrap_or(0);
    functions.into_iter().filter(|function| score(function) == best).collect()
}

/// The candidate that takes just these types. Of two operands, one of unknown type counts as of the other's.
fn exact(fitting: &[&'static Function], types: &[Type]) -> Option<&'static Function> {
    let assumed: Vec<Type> = match types {
        [Type::Unknown, other] | [other, Type::Unknown] => vec![*other; 2],
        _ => types.to_vec(),
    };
    let is_exact =
        |function: &&&'static Function| count(function, &assumed, |param, ty| param == Param::Is(ty)) == types.len();
    fitting.iter().find(is_exact).copied()
}

/// Operands of unknown type are text where a candidate takes text there, else of the one family that all take.
fn by_unknowns(functions: Vec<&'static Function>, types: &[Type]) -> Option<&'static Function> {
    let mut fitting = functions;
    for (at, _) in types.iter().enumerate().filter(|(_, ty)| **ty == Type::Unknown) {
        let families: Vec<Category> = fitting.iter().map(|function| family(function.param(at))).collect();
        let family_here = if families.contains(&Category::Text) { Category::Text } else { families[0] };
        if family_here != Category::Text && families.iter().any(|other| *other != family_here) {
            return by_same_type(&fitting, types);
        }
        fitting.retain(|function| family(function.param(at)) == family_here);
        fitting =
            keep_best(fitting, |function| usize::from(matches!(function.param(at), Param::Is(ty) if is_preferred(ty))));
    }
    if fitting.len() == 1 { fitting.first().copied() } else { by_same_type(&fitting, types) }
}

fn family(param: Param) -> Category {
    match param {
        Param::Is(ty) => category(ty),
        Param::Any => Category::Any,
    }
}

/// The last resort: operands of unknown type are of the one type that the others have.
fn by_same_type(fitting: &[&'static Function], types: &[Type]) -> Option<&'static Function> {
    let mut known = types.iter().copied().filter(|ty| *ty != Type::Unknown);
    let first = known.next()?;
    if known.any(|ty| ty != first) {
        return None;
    }
    let same = vec![first; types.len()];
    let mut left = fitting.iter().filter(|function| accepts(function, &same));
    let only = left.next()?;
    left.next().is_none().then_some(*only)
}
