//! The text of a batch: one message to the server, so that no row is held while anything travels.

use super::FillId;
use super::key;
use super::range::{self, Range};
use crate::engine::postgres::operation::{KeyColumn, RANGE, RowsWork};
use crate::engine::postgres::quote;

/// The SQLSTATE that a batch fails with where its range belongs to somebody else.
pub const TAKEN_OVER: &str = "MGTKN";

/// What a batch is to do.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    pub work: &'a RowsWork,
    pub place: FillId<'a>,
    pub range: &'a Range,
    /// How many rows; by blocks, how many blocks.
    pub size: u32,
    /// How long it may wait for a row that somebody holds, while it holds others itself.
    pub lock_timeout_ms: u32,
}

/// The whole of a batch. The server answers with one row: how far it is, whether that is the end, rows looked at,
/// milliseconds that it took.
pub fn text(batch: &Batch<'_>) -> String {
    let block = if batch.work.key.is_empty() { by_blocks(batch) } else { by_keys(batch) };
    let state = range::condition(batch.place, batch.range.part);
    format!(
        "begin; set local miglab.backfill = 'on'; set local lock_timeout = {timeout}; do {block};
         select to_json(g.after)::text, g.done, current_setting('miglab.seen'),
                extract(epoch from clock_timestamp() - now()) * 1000
         from miglab.range g where {state}; commit",
        timeout = batch.lock_timeout_ms,
        block = quote::dollar(&block),
    )
}

/// Between two keys. The variables have types of their own, so that a value is never more than a value.
fn by_keys(batch: &Batch<'_>) -> String {
    let key = &batch.work.key;
    let from = variables("a", key.len());
    let begin = if batch.range.after.is_some() { format!("{} > ({from}) and ", key::row(key)) } else { String::new() };
    let to = variables("b", key.len());
    format!(
        "#variable_conflict use_variable
         declare {declared} miglab_full boolean; miglab_seen bigint; miglab_changed bigint;
         begin
             perform set_config('enable_sort', 'off', true);
             select {columns} into {to} from {relation} r where {begin}{row} < ({end})
             order by {columns} offset {skipped} limit 1;
             miglab_full := found;
             if miglab_full then
                 miglab_seen := {size};
             else
                 select count(*) into miglab_seen from {relation} r where {begin}{row} <= ({end});
                 select {ends} into {to};
             end if;
             perform set_config('enable_sort', 'on', true);
             execute {statement} using {from_and_to};
             {record}
         end",
        declared = declared(batch),
        columns = key::columns(key),
        relation = batch.work.relation,
        row = key::row(key),
        end = variables("z", key.len()),
        ends = variables("z", key.len()),
        skipped = batch.size.max(1) - 1,
        size = batch.size,
        statement = quote::text(&batch.work.statement.replace(RANGE, &key_condition(batch))),
        from_and_to = if batch.range.after.is_some() { format!("{from}, {to}") } else { to.clone() },
        record = record(batch, &format!("array[{}]", texts("b", key.len())), "not miglab_full"),
    )
}

fn declared(batch: &Batch<'_>) -> String {
    let key = &batch.work.key;
    let one = |prefix: &str, number: usize, column: &KeyColumn, values: Option<&key::KeyValues>| {
        let value = values.and_then(|values| values.get(number)).map(|value| format!(" := {}", quote::text(value)));
        format!("miglab_{prefix}{} {}{};", number + 1, column.ty, value.unwrap_or_default())
    };
    let sides = [("a", batch.range.after.as_ref()), ("b", None), ("z", Some(&batch.range.last))];
    let of_side = |(prefix, values): (&'static str, Option<&key::KeyValues>)| {
        key.iter().enumerate().map(|(number, column)| one(prefix, number, column, values)).collect::<Vec<_>>().join(" ")
    };
    sides.into_iter().map(of_side).collect::<Vec<_>>().join(" ")
}

/// The condition on the range, the bounds as parameters.
fn key_condition(batch: &Batch<'_>) -> String {
    let key = &batch.work.key;
    let parameters = |first: usize| key::list((first..first + key.len()).map(|number| format!("${number}")));
    let row = key::row(key);
    if batch.range.after.is_some() {
        format!("({row} > ({}) and {row} <= ({}))", parameters(1), parameters(1 + key.len()))
    } else {
        format!("({row} <= ({}))", parameters(1))
    }
}

/// Between two blocks of the table's file.
fn by_blocks(batch: &Batch<'_>) -> String {
    let (from, to) = blocks(batch);
    let end = last_block(batch.range);
    let condition = format!("(r.ctid >= '({from},0)' and r.ctid < '({to},0)')");
    format!(
        "declare miglab_seen bigint := {seen}; miglab_changed bigint;
         begin
             execute {statement};
             {record}
         end",
        seen = to - from,
        statement = quote::text(&batch.work.statement.replace(RANGE, &condition)),
        record = record(batch, &format!("array['{to}']"), &(to >= end).to_string()),
    )
}

/// The blocks of a batch: from one, up to and without another.
fn blocks(batch: &Batch<'_>) -> (u64, u64) {
    let from = first_block(batch.range);
    (from, (from + u64::from(batch.size.max(1))).min(last_block(batch.range).max(from)))
}

/// The first block that is not done.
fn first_block(range: &Range) -> u64 {
    range.after.as_ref().and_then(|after| after.first()).and_then(|block| block.parse().ok()).unwrap_or(0)
}

/// The first block that does not belong to the range.
pub fn last_block(range: &Range) -> u64 {
    range.last.first().and_then(|block| block.parse().ok()).unwrap_or(0)
}

/// The last look at the whole table in one statement, with the rows changed added to those of a range.
pub fn whole(work: &RowsWork, place: FillId<'_>, lock_timeout_ms: u32) -> String {
    let state = range::condition(place, 0);
    let block = format!(
        "declare miglab_changed bigint;
         begin
             execute {statement};
             get diagnostics miglab_changed = row_count;
             update miglab.range g set rows = g.rows + miglab_changed where {state};
             {fence}
         end",
        statement = quote::text(&work.last_look),
        fence = fence(),
    );
    let block = quote::dollar(&block);
    format!(
        "begin; set local miglab.backfill = 'on'; set local lock_timeout = {lock_timeout_ms};
         set local enable_seqscan = on; do {block}; commit"
    )
}

/// Records how far it is, in the same transaction.
fn record(batch: &Batch<'_>, after: &str, done: &str) -> String {
    let state = range::condition(batch.place, batch.range.part);
    format!(
        "get diagnostics miglab_changed = row_count;
         update miglab.range g set after = {after}, done = {done}, rows = g.rows + miglab_changed where {state};
         {}
         perform set_config('miglab.seen', miglab_seen::text, true);",
        fence()
    )
}

fn fence() -> String {
    format!("if not found then raise exception 'taken over' using errcode = '{TAKEN_OVER}'; end if;")
}

fn variables(prefix: &str, count: usize) -> String {
    key::list((1..=count).map(|number| format!("miglab_{prefix}{number}")))
}

fn texts(prefix: &str, count: usize) -> String {
    key::list((1..=count).map(|number| format!("miglab_{prefix}{number}::text")))
}
