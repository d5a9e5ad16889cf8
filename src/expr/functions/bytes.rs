//! `bytea`.

use super::arguments::{BY, FunctionResult, bytes};
use crate::data::{Type, Value};
use crate::expr::function::{Context, Function};

pub(super) static ROWS: &[Function] = &[Function::new("||", &[BY, BY], Type::Bytea, join).injective()];

#[allow(clippy::unnecessary_wraps, reason = "every row of the table has this form")]
fn join(args: &[Value], _: Context) -> FunctionResult {
    Ok(Value::Bytea([bytes(args, 0), bytes(args, 1)].concat()))
}
