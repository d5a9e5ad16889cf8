//! What a fill is to go over: ranges of the key, or of the blocks of the table's file.

use postgres::{GenericClient, SimpleQueryMessage, Transaction};

use super::key::{self, KeyValues};
use super::range::Range;
use crate::engine::Fault;
use crate::engine::postgres::fault::fault;
use crate::engine::postgres::operation::RowsWork;
use crate::engine::postgres::quote;

/// Up to so many rows a key is split exactly.
const EXACT: u64 = 50_000;
/// How many rows of a larger table are looked at to split it.
const SAMPLE: u64 = 20_000;
/// A table with fewer rows is not split for later resumptions, only for the workers that there are.
const SMALL: u64 = 10_000;
/// Ranges of a large table at least, so that a run that is resumed with more workers has work for them.
const RANGES: usize = 16;

/// The planner's estimate of the rows of a table, from its size now.
///
/// # Errors
/// The server refuses.
pub fn estimate(client: &mut impl GenericClient, relation: &str) -> Result<u64, Fault> {
    let query = format!("explain (format json) select from {relation}");
    let messages = client.simple_query(&query).map_err(|error| fault(&error))?;
    let plan: serde_json::Value =
        first_text(&messages).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    Ok(plan[0]["Plan"]["Plan Rows"].as_u64().unwrap_or(0))
}

/// The ranges of a table for so many workers; none where it is empty.
///
/// # Errors
/// The server refuses.
pub fn ranges(
    transaction: &mut Transaction<'_>,
    work: &RowsWork,
    jobs: usize,
    estimate: u64,
) -> Result<Vec<Range>, Fault> {
    let parts = if estimate < SMALL { jobs } else { RANGES.max(jobs * 4) };
    if work.key.is_empty() {
        return Ok(by_blocks(blocks(transaction, &work.relation)?, parts));
    }
    let Some(last) = greatest(transaction, work)? else { return Ok(Vec::new()) };
    let mut ends = if parts > 1 { quantiles(transaction, work, parts, estimate)? } else { Vec::new() };
    ends.push(last);
    let mut after = None;
    let range = |(number, end): (usize, KeyValues)| {
        Range::new(i32::try_from(number).unwrap_or(i32::MAX), after.replace(end.clone()), end)
    };
    Ok(ends.into_iter().enumerate().map(range).collect())
}

fn by_blocks(blocks: u64, parts: usize) -> Vec<Range> {
    let parts = u64::try_from(parts).unwrap_or(1).min(blocks);
    let bound = |part: u64| vec![(blocks * part / parts).to_string()];
    let range = |(number, part): (i32, u64)| Range::new(number, Some(bound(part)), bound(part + 1));
    (0_i32..).zip(0..parts).map(range).collect()
}

/// How many blocks the table's file has right now; of a partitioned table, those of its largest partition.
///
/// # Errors
/// The server refuses.
pub fn blocks(client: &mut impl GenericClient, relation: &str) -> Result<u64, Fault> {
    let query = format!(
        "select coalesce(max(pg_relation_size(t.relid)), 0)::bigint / current_setting('block_size')::bigint
         from (select {relation}::regclass as relid
               union select relid from pg_partition_tree({relation}::regclass) where isleaf) t",
        relation = quote::text(relation),
    );
    let blocks: i64 = client.query_one(&query, &[]).map_err(|error| fault(&error))?.get(0);
    Ok(blocks.try_into().unwrap_or(0))
}

/// The greatest key that there is.
fn greatest(transaction: &mut Transaction<'_>, work: &RowsWork) -> Result<Option<KeyValues>, Fault> {
    let query = format!(
        "select array[{}] from {} r order by {} limit 1",
        key::texts(&work.key),
        work.relation,
        key::descending(&work.key)
    );
    Ok(transaction.query_opt(&query, &[]).map_err(|error| fault(&error))?.map(|row| row.get(0)))
}

/// The keys at which the ranges end, but for the last of them.
fn quantiles(
    transaction: &mut Transaction<'_>,
    work: &RowsWork,
    parts: usize,
    estimate: u64,
) -> Result<Vec<KeyValues>, Fault> {
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let percent = SAMPLE as f64 / estimate.max(1) as f64 * 100.0;
    let sample = if estimate > EXACT { format!("tablesample system ({percent})") } else { String::new() };
    let query = format!(
        "select k from (
             select array[{texts}] as k, row_number() over (order by {columns}) - 1 as i, count(*) over () as n
             from {relation} r {sample}
         ) q
         where i < n - 1 and i * {parts} / n < (i + 1) * {parts} / n order by i",
        texts = key::texts(&work.key),
        columns = key::columns(&work.key),
        relation = work.relation,
    );
    let rows = transaction.query(&query, &[]).map_err(|error| fault(&error))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The key of the first row after another.
///
/// # Errors
/// The server refuses.
pub fn next_key(
    client: &mut impl GenericClient,
    work: &RowsWork,
    after: Option<&KeyValues>,
) -> Result<Option<KeyValues>, Fault> {
    let behind = after.map(|after| format!("where {} > {}", key::row(&work.key), key::literals(&work.key, after)));
    let query = format!(
        "select to_json(array[{}])::text from {} r {} order by {} limit 1",
        key::texts(&work.key),
        work.relation,
        behind.unwrap_or_default(),
        key::columns(&work.key)
    );
    let messages = client.simple_query(&query).map_err(|error| fault(&error))?;
    Ok(first_text(&messages).and_then(|text| serde_json::from_str(text).ok()))
}

fn first_text(messages: &[SimpleQueryMessage]) -> Option<&str> {
    messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    })
}
