//! The examples of every page are run through the checker: the refused one is reported under the page's code, the
//! accepted one is free of findings, advice included.

use miglab::check;
use miglab::database;
use miglab::diagnostic::{Code, Diagnostic};
use miglab::engine::postgres::inspect::dump;
use miglab::source::Source;

/// The fenced blocks of a page with this info string.
fn blocks<'p>(page: &'p str, info: &str) -> Vec<&'p str> {
    let fence = format!("```{info}\n");
    let parts = page.split(fence.as_str()).skip(1);
    parts.map(|part| part.split("```").next().unwrap()).collect()
}

/// What there is to say of a script, held against the database of the page where it has one.
fn findings(code: Code, text: &str) -> Vec<Diagnostic> {
    let source = Source::new(code.name(), text);
    match blocks(code.page(), "sql database").first() {
        Some(database) => database::check(source, &dump::read(database).unwrap().server).findings.diagnostics,
        None => check::findings(source).diagnostics,
    }
}

#[test]
fn refused_examples_are_refused_for_the_reason_of_their_page() {
    for code in Code::ALL {
        let examples = blocks(code.page(), "mig refused");
        assert!(!examples.is_empty(), "{code}");
        for text in examples {
            let found = findings(*code, text);
            let mut codes: Vec<_> = found.iter().map(|diagnostic| diagnostic.code).collect();
            codes.dedup();
            assert_eq!(codes, [*code], "{text}\n{found:#?}");
        }
    }
}

#[test]
fn accepted_examples_are_free_of_findings() {
    for code in Code::ALL {
        let examples = blocks(code.page(), "mig accepted");
        assert!(!examples.is_empty(), "{code}");
        for text in examples {
            let found = findings(*code, text);
            // That it leaves the applications out is said of an example as well.
            let others: Vec<_> = found.iter().filter(|found| found.code != Code::MissingApp).collect();
            assert!(others.is_empty(), "{code}:\n{text}\n{others:#?}");
        }
    }
}
