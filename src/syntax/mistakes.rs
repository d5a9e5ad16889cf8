use crate::diagnostic::Diagnostic;
use crate::source::Span;
pub(super) fn sql(_text: &str, _span: Span, _phase: Option<Span>, _in_block: bool) -> Option<Diagnostic> {
    None
}
pub(super) fn sql_unknown(_text: &str, _span: Span) -> Option<Diagnostic> {
    None
}
