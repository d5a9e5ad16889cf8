//! The functions and operators, by what they are about. Each file has its rows of the table first.

mod arguments;
mod arithmetic;
mod bytes;
mod case_map;
mod comparison;
mod dates;
mod double_math;
mod extract;
mod json;
mod json_path;
mod like;
mod numeric_math;
mod pieces;
mod spans;
mod strings;
#[cfg(test)]
mod tests;

use crate::expr::function::Function;
pub(super) use json_path::steps;

/// All of them.
pub(super) static ALL: [&[Function]; 13] = [
    arithmetic::ROWS,
    bytes::ROWS,
    comparison::ROWS,
    dates::ROWS,
    double_math::ROWS,
    extract::ROWS,
    json::ROWS,
    json_path::ROWS,
    like::ROWS,
    numeric_math::ROWS,
    pieces::ROWS,
    spans::ROWS,
    strings::ROWS,
];
