//! Every code has a page that says what its reader needs, and cases that show it.

use std::path::Path;

use miglab::explain::Code;

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
                rest.find(part).unwrap_or_else(|| panic!("the page of {code} lacks {part:?} behind what precedes it"));
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
