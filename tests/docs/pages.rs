//! Every code has a page that says what its reader needs, and cases that show it.

use std::path::Path;

use miglab::diagnostic::Code;
use miglab::source::Source;
use miglab::syntax;

#[test]
fn every_page_has_its_parts() {
    for code in Code::ALL {
        let page = code.page();
        assert!(page.starts_with(&format!("# {code}: ")), "{code}");
        let mut rest = page;
        for part in [
            "## Cause\n",
            "## Consequence\n",
            "## The safe form\n",
            "## Example\n",
            "```mig refused\n",
            "```mig accepted\n",
        ] {
            let place =
                rest.find(part).unwrap_or_else(|| panic!("the page of {code} lacks {part:?} after what precedes it"));
            rest = &rest[place + part.len()..];
        }
        assert_eq!(page.matches("```").count() % 2, 0, "{code}");
        assert!(page.lines().all(|line| line.chars().count() <= 100), "{code}");
    }
}

#[test]
fn every_code_has_cases_and_every_case_a_code() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/check");
    for code in Code::ALL {
        for name in ["bad.mig", "good.mig"] {
            assert!(cases.join(code.name()).join(name).is_file(), "{code}/{name}");
        }
    }
    for folder in std::fs::read_dir(&cases).expect("the folder of cases") {
        let name = folder.expect("a folder").file_name().into_string().expect("a name in UTF-8");
        assert!(name.parse::<Code>().is_ok(), "{name}");
    }
}

/// What the parser alone reports about a text.
fn syntax_codes(text: &str) -> Vec<Code> {
    syntax::parse(Source::new("case.mig", text)).diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn examples_and_cases_can_be_read_unless_they_are_about_reading() {
    for code in Code::ALL {
        for (index, block) in code.page().split("```mig ").skip(1).enumerate() {
            let text = block.split_once('\n').and_then(|(_, text)| text.split_once("```")).expect("a closed block").0;
            let found = syntax_codes(text);
            assert!(found.iter().all(|other| index == 0 && other == code), "{code}: {found:?}\n{text}");
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/check").join(code.name());
        for case in std::fs::read_dir(folder).expect("the cases of a code") {
            let path = case.expect("a case").path();
            if path.extension().is_none_or(|extension| extension != "mig") {
                continue;
            }
            let is_bad = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("bad"));
            let found = syntax_codes(&std::fs::read_to_string(&path).expect("a case in UTF-8"));
            assert!(found.iter().all(|other| is_bad && other == code), "{}: {found:?}", path.display());
        }
    }
}

#[test]
fn every_example_script_says_what_it_shows_and_can_be_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    for entry in std::fs::read_dir(folder).expect("the folder of examples") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "mig") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("an example in UTF-8");
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        assert!(text.starts_with("# ") && text.contains(&format!("scripts/{name}")), "{name}");
        assert_eq!(syntax_codes(&text), [], "{name}");
        assert_eq!(syntax::format(&Source::new("example.mig", text.as_str())).as_deref(), Ok(text.as_str()), "{name}");
    }
}
