//! The evaluator held against a real PostgreSQL: the same expressions over the same rows give the same text for each
//! value and the same SQLSTATE for each error, row by row and chunk by chunk.
//!
//! `MIGLAB_EXPRESSION_SEED=n` makes other expressions, `MIGLAB_EXPRESSION_COUNT=n` more or fewer.

mod generator;
mod rows;
mod translated;
mod tree;
mod typed;

use std::fmt::Write as _;
use std::sync::Arc;

use miglab::ast::{BinaryOp, ColumnRef, Literal, Name};
use miglab::data::{Chunk, Type, Value};
use miglab::diagnostic::Diagnostic;
use miglab::expr::{Batch, Expression, Scope};
use postgres::Client;

use self::generator::Random;
use self::rows::{COLUMNS, ROWS};
use self::tree::{Pair, bare, binary, call, case, column, in_list, number, quoted};
use crate::common::postgres::TestServer;

/// Evaluates an expression for all rows at once; if a row fails, row by row, each failure as `!` and its SQLSTATE.
const PROBE: &str = "
create function pg_temp.probe(expression text) returns text[] language plpgsql as $$
declare
    result text[];
    one text;
begin
    execute 'select array_agg((' || expression || ')::text order by id) from t' into result;
    return result;
exception when others then
    result := '{}';
    for row_id in 0 .. (select max(id) from t) loop
        begin
            execute 'select (' || expression || ')::text from t where id = $1' into one using row_id;
        exception when others then
            one := '!' || sqlstate;
        end;
        result := result || one;
    end loop;
    return result;
end $$;";

struct Table;

impl Scope for Table {
    fn column(&self, column: &ColumnRef) -> Result<(Name, Type), Box<Diagnostic>> {
        let known = COLUMNS.iter().find(|known| known.name == &*column.column.name);
        let known = known.expect("expressions are generated from these columns");
        Ok((known.name.into(), known.ty))
    }
}

/// What came of one expression in one row; `None` for null.
type Cell = Option<String>;

fn cell(outcome: Result<Value, (&'static str, String)>) -> Cell {
    match outcome {
        Ok(Value::Null) => None,
        Ok(value) => Some(value.to_string()),
        Err((sqlstate, _)) => Some(format!("!{sqlstate}")),
    }
}

/// The cells of an expression; also checks that the chunk-wise evaluation agrees.
fn evaluate(pair: &Pair, table: &[Vec<Value>]) -> Result<Vec<Cell>, String> {
    let expression = Expression::resolve(&pair.tree, &Table, None).map_err(|fault| fault.message)?;
    let places: Vec<usize> = expression
        .inputs()
        .iter()
        .map(|name| COLUMNS.iter().position(|column| *column.name == **name).expect("an input is a column"))
        .collect();
    let inputs = |row: usize| -> Vec<Value> { places.iter().map(|at| table[row][*at].clone()).collect() };
    let outcomes: Vec<_> = (0..ROWS).map(|row| expression.eval(&inputs(row), 0)).collect();
    let chunks: Vec<Arc<Chunk>> = places
        .iter()
        .map(|at| Arc::new(Chunk::from_values(COLUMNS[*at].ty, table.iter().map(|row| &row[*at]))))
        .collect();
    let columns: Vec<&Arc<Chunk>> = chunks.iter().collect();
    let whole = expression.eval_chunk(Batch { columns: &columns, rows: ROWS, selected: None }, 0);
    let first_fault = outcomes.iter().position(Result::is_err);
    match (&whole, first_fault) {
        (Ok(chunk), None) => {
            for (row, outcome) in outcomes.iter().enumerate() {
                let expected = outcome.as_ref().map(ToString::to_string);
                assert_eq!(Ok(chunk.get(row).to_string()), expected, "{} in row {row}, by chunk", pair.sql);
            }
        }
        (Err(fault), Some(row)) => assert_eq!(fault.row, row, "{}", pair.sql),
        _ => panic!("{}: by chunk {whole:?}, by row {first_fault:?}", pair.sql),
    }
    Ok(outcomes.into_iter().map(|outcome| cell(outcome.map_err(|e| (e.sqlstate, e.message)))).collect())
}

/// What PostgreSQL says to each expression, row by row.
fn ask(client: &mut Client, expressions: &[String]) -> Vec<Vec<Cell>> {
    let mut answers = Vec::with_capacity(expressions.len());
    for some in expressions.chunks(100) {
        let texts: Vec<&str> = some.iter().map(String::as_str).collect();
        let rows = client
            .query("select pg_temp.probe(e) from unnest($1::text[]) with ordinality as u(e, n) order by n", &[&texts])
            .expect("the probe catches every error");
        answers.extend(rows.iter().map(|row| row.get::<_, Vec<Option<String>>>(0)));
    }
    answers
}

fn connect(server: &TestServer) -> Client {
    let mut client = server.connect();
    client.batch_execute(&rows::sql()).expect("the table can be made");
    client.batch_execute(PROBE).expect("the probe can be made");
    client
}

/// Differences found, and how many cells were compared.
#[derive(Default)]
struct Findings {
    cells: usize,
    unsupported: usize,
    differences: usize,
    report: String,
}

impl Findings {
    fn compare(&mut self, pair: &Pair, mine: Result<Vec<Cell>, String>, theirs: &[Cell]) {
        let mine = match mine {
            Ok(cells) => cells,
            // Refused ahead of time is right where PostgreSQL refuses every row.
            Err(_) if theirs.iter().all(|cell| cell.as_ref().is_some_and(|text| text.starts_with('!'))) => return,
            Err(message) => {
                self.differ(&format!("{}\n    refused: {message}", pair.sql));
                return;
            }
        };
        for (row, (mine, theirs)) in mine.iter().zip(theirs).enumerate() {
            self.cells += 1;
            if mine == theirs {
                continue;
            }
            if is_malformed_moment(mine, theirs) {
                continue;
            }
            if mine.as_deref() == Some("!0A000") {
                self.unsupported += 1;
                continue;
            }
            self.differ(&format!("{}\n    row {row}: miglab {mine:?}, PostgreSQL {theirs:?}", pair.sql));
            break;
        }
    }

    fn differ(&mut self, text: &str) {
        self.differences += 1;
        if self.differences <= 40 {
            writeln!(self.report, "{text}").expect("a string takes everything");
        }
    }

    fn conclude(&self) {
        assert_eq!(self.differences, 0, "{} of {} cells differ:\n{}", self.differences, self.cells, self.report);
        // Numerics that are not finite, and powers with fractional exponents, are refused; little else may be.
        assert!(self.unsupported * 20 < self.cells, "{} of {} cells are not supported", self.unsupported, self.cells);
    }
}

/// Text that is no date at all: which of three codes PostgreSQL gives hangs on how far its reader came.
fn is_malformed_moment(mine: &Cell, theirs: &Cell) -> bool {
    mine.as_deref() == Some("!22007") && matches!(theirs.as_deref(), Some("!22008" | "!22009"))
}

fn compare(pairs: &[Pair]) {
    let server = TestServer::start();
    let mut client = connect(&server);
    let table = rows::values();
    let mut findings = Findings::default();
    let written: Vec<String> = pairs.iter().map(|pair| pair.sql.clone()).collect();
    let mut known = Vec::with_capacity(pairs.len());
    for (pair, theirs) in pairs.iter().zip(ask(&mut client, &written)) {
        let mine = evaluate(pair, &table);
        known.push(mine.clone().unwrap_or_default());
        findings.compare(pair, mine, &theirs);
    }
    findings.conclude();
    translated::compare(&mut client, pairs, &known);
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Literals without a type, which take it from what stands around them.
fn untyped() -> Vec<Pair> {
    let text = |value: &str| quoted(value);
    let null = || bare(Literal::Null);
    let c = column;
    vec![
        binary(BinaryOp::Add, c("i1"), text("5")),
        binary(BinaryOp::Equal, c("d1"), text("2020-02-29")),
        binary(BinaryOp::Subtract, c("d1"), text("2020-01-01")),
        binary(BinaryOp::Greater, text("b"), text("a")),
        binary(BinaryOp::Concat, text("a"), text("b")),
        binary(BinaryOp::Concat, c("i1"), text(" rows")),
        binary(BinaryOp::Concat, c("v1"), c("t1")),
        binary(BinaryOp::Concat, c("v1"), c("v1")),
        binary(BinaryOp::Concat, c("by1"), text("\\x01")),
        binary(BinaryOp::JsonGet, c("j1"), text("a")),
        binary(BinaryOp::JsonGetText, c("j1"), text("bb")),
        binary(BinaryOp::JsonGetText, c("j1"), number("1")),
        binary(BinaryOp::Like, c("v1"), text("a%")),
        binary(BinaryOp::Distinct, c("t1"), null()),
        binary(BinaryOp::Equal, c("j1"), text("{\"bb\": 1}")),
        binary(BinaryOp::Power, number("2"), number("10")),
        binary(BinaryOp::Power, number("2.0"), number("10")),
        binary(BinaryOp::Divide, number("1"), number("3")),
        binary(BinaryOp::Divide, number("1.0"), number("3")),
        binary(BinaryOp::Multiply, number("9223372036854775808"), number("1")),
        binary(BinaryOp::Add, number("1e3"), number("2147483648")),
        call("coalesce", vec![c("i1"), text("7")]),
        call("coalesce", vec![null(), c("t1"), text("x")]),
        call("coalesce", vec![null(), null()]),
        call("nullif", vec![text("a"), text("a")]),
        call("nullif", vec![c("i1"), text("1")]),
        call("greatest", vec![text("a"), text("B")]),
        call("length", vec![text("héé")]),
        call("round", vec![text("2.5")]),
        call("round", vec![number("2.5")]),
        call("round", vec![c("s1")]),
        call("lower", vec![null()]),
        call("concat", vec![text("a"), null(), number("1.50")]),
        call("repeat", vec![text("ab"), text("3")]),
        call("date_trunc", vec![text("month"), c("d1")]),
        call("extract", vec![text("epoch"), c("d1")]),
        case(None, vec![(binary(BinaryOp::Greater, c("i1"), number("0")), text("yes"))], Some(c("v1"))),
        case(Some(c("t1")), vec![(text("a"), number("1")), (text("abc"), number("2.5"))], None),
        case(None, vec![(bare(Literal::Bool(true)), null())], Some(c("d1"))),
        in_list(c("i1"), vec![text("1"), number("2"), null()], false),
        in_list(c("t1"), vec![text("a"), text("abc")], true),
        in_list(c("i1"), vec![number("1"), number("2.5")], false),
        in_list(text("a"), vec![c("t1"), c("v1")], false),
    ]
}

#[test]
fn functions_and_operators_agree_with_postgresql() {
    let mut random = Random(setting("MIGLAB_EXPRESSION_SEED", 1));
    compare(&generator::each_function(&mut random));
}

#[test]
fn nested_expressions_agree_with_postgresql() {
    let mut random = Random(setting("MIGLAB_EXPRESSION_SEED", 1).wrapping_add(1000));
    let count = usize::try_from(setting("MIGLAB_EXPRESSION_COUNT", 3000)).expect("a count of expressions");
    compare(&generator::nested(&mut random, count));
}

#[test]
fn untyped_literals_take_the_types_that_postgresql_gives_them() {
    compare(&untyped());
}

/// Every character in lower case and in upper case. A character that one side leaves as it is, since it
/// knows an older Unicode, is no difference; there are few of them.
#[test]
fn case_mapping_agrees_with_postgresql_for_every_character() {
    let server = TestServer::start();
    let mut client = server.connect();
    let sql = "select i, lower(chr(i)), upper(chr(i))
        from generate_series(1, 1114111) as i where i not between 55296 and 57343";
    let expressions = ["lower", "upper"]
        .map(|name| Expression::resolve(&call(name, vec![column("t1")]).tree, &Table, None).expect("a text"));
    let (mut differences, mut newer) = (Vec::new(), 0);
    for row in client.query(sql, &[]).expect("every code point but the surrogates is a character") {
        let code: i32 = row.get(0);
        let character = u32::try_from(code).ok().and_then(char::from_u32).expect("the server made the same");
        let input = [Value::Text(character.into())];
        for (at, expression) in expressions.iter().enumerate() {
            let theirs: String = row.get(at + 1);
            let mine = expression.eval(&input, 0).expect("no character fails").to_string();
            if mine == theirs {
                continue;
            }
            if mine == character.to_string() || theirs == character.to_string() {
                newer += 1;
            } else {
                differences.push(format!("U+{code:04X} form {at}: miglab {mine:?}, PostgreSQL {theirs:?}"));
            }
        }
    }
    assert!(differences.is_empty(), "{} differ: {differences:#?}", differences.len());
    assert!(newer <= 200, "{newer} characters have a case on one side only");
}
