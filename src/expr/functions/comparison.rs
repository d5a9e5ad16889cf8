//! `=`, `<>`, `<`, `<=`, `>`, `>=` for every type that has an order.

use std::cmp::Ordering;

use super::arguments::{B, BY, D, F4, F8, FunctionResult, I2, I4, I8, IV, JB, N, T, TS, TZ};
use crate::data::{Type, Value, compare};
use crate::expr::function::{Context, Function, Gives, Param};
use crate::expr::kernels;

const UUID: Param = Param::Is(Type::Uuid);

macro_rules! comparisons {
    ($([$left:expr, $right:expr]),* $(,)?) => {
        &[$(
            row("=", &[$left, $right], |args, _| holds(args, Ordering::is_eq)).kernel(kernels::equal).gives(Gives::Compared(2)),
            row("<>", &[$left, $right], |args, _| holds(args, Ordering::is_ne)).kernel(kernels::not_equal).gives(Gives::Compared(5)),
            row("<", &[$left, $right], |args, _| holds(args, Ordering::is_lt)).kernel(kernels::less).gives(Gives::Compared(1)),
            row("<=", &[$left, $right], |args, _| holds(args, Ordering::is_le)).kernel(kernels::less_or_equal).gives(Gives::Compared(3)),
            row(">", &[$left, $right], |args, _| holds(args, Ordering::is_gt)).kernel(kernels::greater).gives(Gives::Compared(4)),
            row(">=", &[$left, $right], |args, _| holds(args, Ordering::is_ge)).kernel(kernels::greater_or_equal).gives(Gives::Compared(6)),
        )*]
    };
}

const fn row(
    name: &'static str,
    params: &'static [Param],
    compute: fn(&[Value], Context) -> FunctionResult,
) -> Function {
    Function::new(name, params, Type::Boolean, compute)
}

pub(super) static ROWS: &[Function] = comparisons![
    [B, B],
    [I2, I2],
    [I4, I4],
    [I8, I8],
    [N, N],
    [F4, F4],
    [F4, F8],
    [F8, F4],
    [F8, F8],
    [T, T],
    [D, D],
    [TS, TS],
    [TZ, TZ],
    [IV, IV],
    [UUID, UUID],
    [JB, JB],
    [BY, BY],
];

#[allow(clippy::unnecessary_wraps, reason = "every row of the table has this form")]
fn holds(args: &[Value], test: fn(Ordering) -> bool) -> FunctionResult {
    Ok(match args {
        [left, right] => Value::Boolean(test(compare(left, right))),
        _ => Value::Null,
    })
}
