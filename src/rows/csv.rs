//! Rows from CSV files, as spreadsheets and `\copy … csv header` write them.
//!
//! The header names the columns, in any order; letter case does not matter. Columns that it does not name take their
//! defaults. An empty field is null and a quoted empty field (`""`) is an empty text, as for `PostgreSQL`.

use std::sync::Arc;

use csv::{ByteRecord, ReaderBuilder};

use crate::ast::Name;
use crate::catalog::Table;
use crate::data::{CHUNK_ROWS, Chunk, Type, Value};
use crate::engine::memory::Columns;
use crate::engine::{Fault, FaultKind};
use crate::phrase::{counted, did_you_mean};
use crate::rows::raw::RawRecord;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// The records of a CSV text, with their places.
pub(super) struct Records<'a> {
    file: String,
    bytes: &'a [u8],
    reader: csv::Reader<&'a [u8]>,
    record: ByteRecord,
    line: u64,
}

impl<'a> Records<'a> {
    pub(super) fn new(file: &str, bytes: &'a [u8]) -> Self {
        let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        Self { file: file.into(), bytes, reader, record: ByteRecord::new(), line: 0 }
    }

    /// Goes to the next record; false at the end.
    pub(super) fn advance(&mut self) -> Result<bool, Fault> {
        let more = self.reader.read_byte_record(&mut self.record);
        let more = more.map_err(|error| Fault::new(FaultKind::Value, format!("{}: {error}", self.file)))?;
        if more {
            let start = self.start();
            let blank = self.bytes[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
            let skipped = blank.filter(|byte| **byte == b'\n').count() as u64;
            self.line = self.record.position().map_or(0, csv::Position::line) + skipped;
            if self.at_end() && !self.raw().quoted().1 {
                return Err(self.fault("a quote is not closed"));
            }
        }
        Ok(more)
    }

    fn start(&self) -> usize {
        let byte = self.record.position().map_or(0, csv::Position::byte);
        usize::try_from(byte).unwrap_or(usize::MAX).min(self.bytes.len())
    }

    fn at_end(&self) -> bool {
        usize::try_from(self.reader.position().byte()).is_ok_and(|byte| byte >= self.bytes.len())
    }

    fn raw(&self) -> RawRecord<'a> {
        RawRecord(&self.bytes[self.start()..])
    }

    pub(super) fn len(&self) -> usize {
        self.record.len()
    }

    /// The fields, `None` for null.
    pub(super) fn fields(&self) -> Result<Vec<Option<&str>>, Fault> {
        let has_empty = self.record.iter().any(<[u8]>::is_empty);
        let quoted = if has_empty { self.raw().quoted().0 } else { Vec::new() };
        let mut fields = Vec::with_capacity(self.record.len());
        for (at, bytes) in self.record.iter().enumerate() {
            let null = bytes.is_empty() && !quoted.get(at).copied().unwrap_or(false);
            fields.push(if null { None } else { Some(self.text(at, bytes)?) });
        }
        Ok(fields)
    }

    fn text<'b>(&self, at: usize, bytes: &'b [u8]) -> Result<&'b str, Fault> {
        if bytes.contains(&0) {
            return Err(self.fault(&format!("value {} has a NUL character, which text cannot hold", at + 1)));
        }
        std::str::from_utf8(bytes).map_err(|_| self.fault(&format!("value {} is not UTF-8", at + 1)))
    }

    /// A fault at the current record.
    pub(super) fn fault(&self, message: &str) -> Fault {
        Fault::new(FaultKind::Value, format!("{}, line {}: {message}", self.file, self.line))
    }
}

/// The rows of a CSV text, for one table.
pub struct CsvRows<'a> {
    records: Records<'a>,
    columns: Vec<Name>,
    types: Vec<Type>,
    failed: bool,
}

impl<'a> CsvRows<'a> {
    /// Reads the header and finds its columns in `table`. `file` is what messages call the text.
    ///
    /// # Errors
    /// There is no header, or it names a column that the table does not have, or one twice.
    pub fn open(file: &str, bytes: &'a [u8], table: &Table) -> Result<Self, Fault> {
        let mut records = Records::new(file, bytes);
        let header = read_header(&mut records)?;
        let (mut columns, mut types) = (Vec::new(), Vec::new());
        for name in header {
            let column = find_column(table, &name).ok_or_else(|| unknown_column(&records, table, &name))?;
            if columns.contains(&column.name) {
                return Err(records.fault(&format!("the header names `{}` twice", column.name)));
            }
            columns.push(Arc::clone(&column.name));
            types.push(column.ty);
        }
        Ok(Self { records, columns, types, failed: false })
    }

    /// The columns that the header names, in its order.
    #[must_use]
    pub fn columns(&self) -> &[Name] {
        &self.columns
    }

    fn read_part(&mut self) -> Result<Option<Columns>, Fault> {
        let mut part: Columns = self.types.iter().map(|ty| Chunk::new(*ty)).collect();
        for _ in 0..CHUNK_ROWS {
            if !self.records.advance()? {
                break;
            }
            self.read_row(&mut part)?;
        }
        Ok(part.first().is_some_and(|chunk| !chunk.is_empty()).then_some(part))
    }

    fn read_row(&self, part: &mut Columns) -> Result<(), Fault> {
        let (found, wanted) = (self.records.len(), self.columns.len());
        if found != wanted {
            return Err(self.records.fault(&format!(
                "{}, but the header names {}",
                counted(found, "value", "values"),
                counted(wanted, "column", "columns")
            )));
        }
        let fields = self.records.fields()?;
        for (at, (field, chunk)) in fields.into_iter().zip(part.iter_mut()).enumerate() {
            match (field, self.types[at]) {
                (None, _) => chunk.push_null(),
                (Some(text), Type::Text | Type::Unknown | Type::Varchar(None)) => chunk.push_text(text),
                (Some(text), ty) => {
                    let value = Value::parse_fitting(text, ty).map_err(|error| {
                        self.records.fault(&format!("column `{}`: {}", self.columns[at], error.message))
                    })?;
                    chunk.push(&value);
                }
            }
        }
        Ok(())
    }
}

impl Iterator for CsvRows<'_> {
    type Item = Result<Columns, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let part = self.read_part();
        self.failed = part.is_err();
        part.transpose()
    }
}

/// The names in the first record.
pub(super) fn read_header(records: &mut Records<'_>) -> Result<Vec<String>, Fault> {
    if !records.advance()? {
        let message = format!("{} is empty; its first line should name the columns", records.file);
        return Err(Fault::new(FaultKind::Value, message));
    }
    let fields = records.fields()?;
    Ok(fields.into_iter().map(|name| name.unwrap_or_default().trim().to_owned()).collect())
}

fn find_column<'t>(table: &'t Table, name: &str) -> Option<&'t crate::catalog::Column> {
    let folded = || table.columns().find(|column| column.name.to_lowercase() == name.to_lowercase());
    table.column(name).or_else(folded)
}

fn unknown_column(records: &Records<'_>, table: &Table, name: &str) -> Fault {
    let fault = records.fault(&format!("table `{}` has no column `{name}`", table.name));
    if name.contains([';', '\t']) {
        return fault.with_help("separate the values by commas");
    }
    if let Some(meant) = did_you_mean(&name.to_lowercase(), table.columns().map(|column| &*column.name)) {
        return fault.with_help(meant);
    }
    let names: Vec<String> = table.columns().map(|column| format!("`{}`", column.name)).collect();
    fault.with_help(format!("it has {}", names.join(", ")))
}
