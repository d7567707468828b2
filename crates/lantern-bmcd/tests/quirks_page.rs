//! `docs/quirks.md` is what the programs know: it is made of the list of quirks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use ipmi_bmc::faults::{Fault, FaultFacts, FaultGroup, FaultKind, Parameter};
use ipmi_session::quirk::{Facts, Handling, Layer};
use ipmi_session::{Quirk, Quirks};
use lantern_bmcd::Config;

/// With LANTERN_DOCS=write the page is written instead.
#[test]
fn the_page_is_what_the_programs_know() {
    let write = std::env::var_os("LANTERN_DOCS").is_some_and(|word| word == "write");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/quirks.md");
    let text = page();
    if write {
        std::fs::write(&path, &text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "run with LANTERN_DOCS=write, and look at the changes");
}

#[test]
fn what_the_page_says_of_the_configuration_works() {
    for quirk in Quirk::ALL {
        let lan = settings(quirk).join("\n");
        let text =
            format!("[bmc]\nname = \"t\"\n[lan]\nlisten = [\"127.0.0.1:0\"]\n{}\n{lan}", ALLOW);
        let config = Config::parse(&text, Path::new("bmc.toml")).unwrap();
        assert_eq!(config.quirks, Quirks::NONE.with(quirk));
        assert_eq!(quirk.facts().layer == Layer::Ipmi15, !config.ipmi15.is_empty());
    }
    for kind in FaultKind::ALL {
        let text = format!(
            "[bmc]\nname = \"t\"\nfaults = [\"{}\"]\n[lan]\nlisten = [\"127.0.0.1:0\"]\n",
            kind.name()
        );
        let config = Config::parse(&text, Path::new("bmc.toml")).unwrap();
        assert_eq!(config.faults, [kind.name().parse().unwrap()]);
    }
    let example = include_str!("../../../examples/quirks.toml");
    let example = Config::parse(example, Path::new("examples/quirks.toml")).unwrap();
    assert!(!example.quirks.is_empty() && !example.ipmi15.is_empty());
    assert!(!example.faults.is_empty());
    // Nothing in it would break a table.
    for Facts { symptom, defect, seen_on, client, .. } in Quirk::ALL.map(Quirk::facts) {
        assert!([symptom, defect, seen_on, client].iter().all(|text| !text.contains(['|', '\n'])));
    }
}

const ALLOW: &str = "allow_insecure_suites = true";

/// The lines of `[lan]` with which our BMC does it where it can be seen, beside [`ALLOW`].
fn settings(quirk: Quirk) -> Vec<String> {
    let mut lines = vec![format!("quirks = [\"{}\"]", quirk.name())];
    match quirk {
        Quirk::IntegrityCheckValue => lines.push("suites = [0]".to_owned()),
        Quirk::NoChecksumCheck => lines.push("suites = [17, 1]".to_owned()),
        Quirk::SuiteAdvertised => lines.push("suites = [15, 3]".to_owned()),
        Quirk::Sun20 => lines.push("suites = [3]".to_owned()),
        _ => {}
    }
    if quirk.facts().layer == Layer::Ipmi15 {
        lines.push("ipmi15 = [\"md5\"]".to_owned());
    }
    lines
}

fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (layer, title, remark) in [
        (Layer::RmcpPlus, "RMCP+ (IPMI 2.0)", ""),
        (Layer::Both, "Both protocols", ""),
        (Layer::Ipmi15, "IPMI 1.5", IPMI15),
    ] {
        write!(page, "\n## {title}\n\n{remark}{HEAD}").unwrap();
        for quirk in Quirk::ALL.into_iter().filter(|quirk| quirk.facts().layer == layer) {
            let Facts { symptom, defect, seen_on, handling, client, source, .. } = quirk.facts();
            let settings: Vec<_> =
                settings(quirk).into_iter().map(|line| format!("`{line}`")).collect();
            writeln!(
                page,
                "| `{}` | {symptom} | {defect}. Seen on: {seen_on} ({source}) | **{handling}**: \
                 {client} | {} |",
                quirk.name(),
                settings.join(", "),
            )
            .unwrap();
        }
    }
    page.push_str(FAULTS);
    for group in [FaultGroup::Line, FaultGroup::Answers, FaultGroup::Records, FaultGroup::Settings]
    {
        write!(page, "\n### {}\n\n{FAULTS_HEAD}", capitalized(&group.to_string())).unwrap();
        for kind in FaultKind::ALL.into_iter().filter(|kind| kind.facts().group == group) {
            let FaultFacts { name, parameter, symptom, defect, seen_on, source, .. } = kind.facts();
            let amount =
                parameter.map_or_else(String::new, |Parameter { what, least, most, .. }| {
                    format!("; the number: {what}, {least} to {most}")
                });
            let default: Fault = name.parse().unwrap();
            writeln!(
                page,
                "| `{name}` | {symptom} | {defect}. Seen on: {seen_on} ({source}) | \
                 `faults = [\"{default}\"]`{amount} |"
            )
            .unwrap();
        }
    }
    page.push_str(COSTS);
    for quirk in Quirk::ALL {
        let Facts { handling, weakens: Some(weakens), .. } = quirk.facts() else { continue };
        let what = match handling {
            Handling::Refused => "is refused whatever is said",
            _ => "is done when asked for",
        };
        writeln!(page, "- `{}` {what}: {weakens}.", quirk.name()).unwrap();
    }
    page
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap()
}

const FAULTS: &str = "
## Beyond sessions

What is wrong with these BMCs shows once one is logged in. What the second column says is seen with programs that do not know it; how
far Lantern's own client copes is in docs/limits.md. Our BMC does them with `faults` in `[bmc]`. After a change,
`kill -HUP` its process; or, with a control socket, `lantern bmc ctl fault set NAME[=N]`: it takes effect at once, in sessions that are open, too.
";

const FAULTS_HEAD: &str = "\
| name | what you see | what the BMC does | our BMC does it with |
|---|---|---|---|
";

const INTRODUCTION: &str = "\
# BMCs that depart from the specification

**A login fails on one machine and works on all others?** Look for what you see in the second column, and for your
hardware in the third. Nearly always there is nothing to do: what says **automatic** is found out and dealt with;
`lantern session info` and `-v` tell. What says **by name** needs `lantern --workaround NAME …` (several: `NAME,NAME`), and is worth a line in your notes
until the firmware is updated. What says **refused** has no switch: it would cost more than it is worth, see the end of this
page. FreeIPMI's `-W` names mean the same here.

**Is it your own program that should get along with such a BMC?** `lantern bmc run` is one. Write the last column into
`[lan]` of its configuration (`examples/quirks.toml` has a beginning), and `allow_insecure_suites = true` where it says `suites` or
`ipmi15`. After a change of `quirks`, `kill -HUP` its process; or, with a control socket, `lantern bmc ctl quirk set NAME`: it takes effect
at once, in sessions that are open, too. Several can be on; that they make sense together is up to you.

In quotation marks is what FreeIPMI says. This page is made from the list that the programs have
(`facts.rs` in `crates/ipmi-session/src/quirk` and `crates/ipmi-bmc/src/faults`); after a change, `LANTERN_DOCS=write cargo test -p lantern-bmcd --test quirks_page`.
";

const IPMI15: &str = "\
These can be seen in sessions of IPMI 1.5 only. Those are off at both ends unless asked for (`--allow-ipmi15`, and `ipmi15` in the
BMC's `[lan]`), because nothing in them is encrypted.

";

const HEAD: &str = "\
| name | what you see | what the BMC does | what Lantern does | our BMC does it with |
|---|---|---|---|---|
";

const COSTS: &str = "
## What they cost

All the others cost no security. Of these:

";
