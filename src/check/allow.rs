//! `allow CODE because '…'`: findings that the author answers for.

use std::str::FromStr;

use crate::ast::{Allow, AllowScope, Script};
use crate::diagnostic::{Code, Diagnostic, Severity, help_for_unknown_code};

/// Takes out the findings that are allowed, and adds one for each `allow` that matches nothing.
pub(super) fn apply(script: &Script, findings: &mut Vec<Diagnostic>) {
    if script.allows.is_empty() {
        return;
    }
    let mut used = vec![false; script.allows.len()];
    findings.retain(|finding| {
        let mut allowed = false;
        for (index, allow) in script.allows.iter().enumerate() {
            if covers(allow, finding) {
                used[index] = true;
                allowed = true;
            }
        }
        !allowed
    });
    // What comes after an error is not known, and what an `allow` is there for neither.
    let is_whole = !findings.iter().any(Diagnostic::keeps_from_running);
    let is_told = |allow: &Allow| is_whole || Code::from_str(&allow.code.name).is_ok_and(|code| !code.can_be_allowed());
    let unused = script.allows.iter().zip(used).filter(|(_, used)| !used).map(|(allow, _)| allow);
    findings.extend(unused.filter(|allow| is_told(allow)).map(self::unused));
}

/// Whether a finding keeps the plan from being run: an error that is not allowed.
pub(super) fn stands_in_the_way(script: &Script, finding: &Diagnostic) -> bool {
    finding.severity == Severity::Error && !is_allowed(script, finding)
}

/// Whether the author answers for a finding.
pub(super) fn is_allowed(script: &Script, finding: &Diagnostic) -> bool {
    script.allows.iter().any(|allow| covers(allow, finding))
}

fn covers(allow: &Allow, finding: &Diagnostic) -> bool {
    let here = match allow.scope {
        AllowScope::Script => true,
        AllowScope::Item(item) => item.start <= finding.span().start && finding.span().start < item.end,
    };
    here && finding.code.can_be_allowed() && *allow.code.name == *finding.code.name()
}

fn unused(allow: &Allow) -> Diagnostic {
    let name = &allow.code.name;
    let code = Code::from_str(name);
    let known = code.is_ok();
    let (message, help) = if code.is_ok_and(|code| !code.can_be_allowed()) {
        (format!("`{name}` cannot be allowed"), "fix what it is about: the plan cannot run without that".to_owned())
    } else if known {
        (format!("nothing here is a `{name}`"), "remove the `allow`".to_owned())
    } else {
        let meant = help_for_unknown_code(name);
        (format!("there is no code `{name}`"), meant.unwrap_or_else(|| "`miglab explain` lists the codes".to_owned()))
    };
    let unused = Diagnostic::new(Code::UnusedAllow, message, allow.span, "silences nothing").help(help);
    if known { unused.fix("remove the `allow`", allow.span, "") } else { unused }
}
