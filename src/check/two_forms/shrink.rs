//! From a value that does not survive to a small one: shorter text, numbers nearer to nought.

use bigdecimal::{BigDecimal, ToPrimitive};

use crate::check::two_forms::round::Round;
use crate::data::Value;

/// Texts of so many characters are small enough to be read.
const SHORT: usize = 16;
/// So many steps are taken at most.
const MOST_STEPS: usize = 200;

/// A write that `fails` as a script's own row does: known to its author, and only made shorter where it is long.
pub(super) fn shortened(row: Vec<Value>, round: &Round, fails: &dyn Fn(&[Value]) -> bool) -> Vec<Value> {
    let is_long = matches!(&row[round.at], Value::Text(text) if text.chars().count() > 3 * SHORT);
    if is_long { with_small(row, round.at, round, fails) } else { row }
}

/// A write that `fails`, with simple values beside a small one that does not survive.
pub(super) fn shrunk(
    mut row: Vec<Value>,
    round: &Round,
    columns: &[Vec<Value>],
    fails: &dyn Fn(&[Value]) -> bool,
) -> Vec<Value> {
    for at in (0..row.len()).filter(|at| *at != round.at) {
        let simple = columns[at].iter().take(2).map(|value| replaced(&row, at, value.clone()));
        match simple.into_iter().find(|row| round.allows(row) && fails(row)) {
            Some(simpler) => row = simpler,
            None => row = with_small(row, at, round, fails),
        }
    }
    with_small(row, round.at, round, fails)
}

/// The write with the value at one place as small as it gets while it fails.
fn with_small(mut row: Vec<Value>, at: usize, round: &Round, fails: &dyn Fn(&[Value]) -> bool) -> Vec<Value> {
    for _ in 0..MOST_STEPS {
        let smaller = smaller(&row[at]).into_iter().map(|value| replaced(&row, at, value));
        match smaller.into_iter().find(|row| round.allows(row) && fails(row)) {
            Some(smaller) => row = smaller,
            None => break,
        }
    }
    row
}

fn replaced(row: &[Value], at: usize, value: Value) -> Vec<Value> {
    let mut row = row.to_vec();
    row[at] = value;
    row
}

/// Smaller values, the smallest first; none for one that is small enough.
fn smaller(value: &Value) -> Vec<Value> {
    match value {
        Value::Text(text) => shorter(text).into_iter().map(Value::Text).collect(),
        Value::SmallInt(number) => nearer(i64::from(*number), |near| Some(Value::SmallInt(i16::try_from(near).ok()?))),
        Value::Integer(number) => nearer(i64::from(*number), |near| Some(Value::Integer(i32::try_from(near).ok()?))),
        Value::BigInt(number) => nearer(*number, |near| Some(Value::BigInt(near))),
        Value::Numeric(number) => simpler(number).into_iter().map(Value::Numeric).collect(),
        Value::Real(number) => rounder(f64::from(*number)).into_iter().filter_map(narrowed).collect(),
        Value::Double(number) => rounder(*number).into_iter().map(Value::Double).collect(),
        Value::Date(days) if is_finite(i64::from(*days), i64::from(i32::MAX)) => {
            nearer(i64::from(*days), |near| Some(Value::Date(i32::try_from(near).ok()?)))
        }
        Value::Timestamp(micros) => earlier(*micros).into_iter().map(Value::Timestamp).collect(),
        Value::TimestampTz(micros) => earlier(*micros).into_iter().map(Value::TimestampTz).collect(),
        _ => Vec::new(),
    }
}

/// Halves of a long text, then the text without one of its characters.
fn shorter(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let half = letters.len() / 2;
    if letters.len() <= SHORT {
        return Vec::new();
    }
    let mut texts = vec![letters[..half].iter().collect(), letters[half..].iter().collect()];
    for piece in [letters.len() / 4, letters.len() / 16, 1] {
        for start in (0..letters.len()).step_by(piece.max(letters.len() / 16).max(1)) {
            let end = (start + piece).min(letters.len());
            texts.push(letters[..start].iter().chain(&letters[end..]).collect());
        }
    }
    texts
}

/// Whole numbers between nought and this one, ever nearer to it.
fn nearer(number: i64, value: impl Fn(i64) -> Option<Value>) -> Vec<Value> {
    let steps = (0..63).map(|halvings| number / (1 << halvings)).take_while(|step| *step != 0);
    steps.filter_map(|step| value(number - step)).collect()
}

fn simpler(number: &BigDecimal) -> Vec<BigDecimal> {
    let whole = number.with_scale(0);
    if whole == *number {
        let steps = whole.to_i64().map(|number| nearer(number, |near| Some(Value::BigInt(near)))).unwrap_or_default();
        return steps.iter().filter_map(|near| near.to_string().parse().ok()).collect();
    }
    let scale = number.fractional_digit_count();
    let fraction = number - &whole;
    let mut simpler = vec![whole, fraction];
    simpler.extend((1..scale.min(20)).map(|scale| number.with_scale(scale)));
    simpler.retain(|near| near != number);
    simpler
}

fn rounder(number: f64) -> Vec<f64> {
    let mut rounder = vec![0.0, 1.0, number.trunc(), (number / 2.0).trunc()];
    rounder.retain(|near| near.abs() < number.abs() && number.is_finite());
    rounder
}

fn narrowed(number: f64) -> Option<Value> {
    Value::parse(&number.to_string(), crate::data::Type::Real).ok()
}

/// A moment of the first days of 2000, or with fewer parts of a day.
fn earlier(micros: i64) -> Vec<i64> {
    const PARTS: [i64; 5] = [86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000, 1_000];
    if !is_finite(micros, i64::MAX) {
        return Vec::new();
    }
    let mut earlier = vec![micros.rem_euclid(PARTS[0])];
    earlier.extend(PARTS.map(|part| micros - micros.rem_euclid(part)));
    earlier.retain(|near| near.unsigned_abs() < micros.unsigned_abs());
    earlier
}

/// The least and the greatest number stand for infinity.
fn is_finite(number: i64, greatest: i64) -> bool {
    number > -greatest && number < greatest
}
