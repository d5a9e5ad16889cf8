//! Expressions given on the command line.

use crate::ast::StatementKind;
use crate::source::Source;
use crate::syntax;

/// The columns that an expression reads, each once, in the order of their first use.
///
/// # Errors
/// It is not an expression.
pub fn columns_of(expression: &str) -> Result<Vec<String>, String> {
    let text = format!("migrate verify ({expression}\n)");
    let parsed = syntax::parse(Source::new("expression", text));
    if let Some(first) = parsed.diagnostics.first() {
        return Err(format!("`{expression}` is not an expression: {}", first.message));
    }
    let mut columns = Vec::new();
    for statement in &parsed.script.statements {
        let StatementKind::Verify(verify) = &statement.kind else { continue };
        verify.0.for_each_column(&mut |column| {
            let name = column.column.name.to_string();
            if !columns.contains(&name) {
                columns.push(name);
            }
        });
    }
    Ok(columns)
}
