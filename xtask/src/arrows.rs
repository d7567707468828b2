//! Which crate may depend on which: the arrows of the design, checked against `cargo metadata`.
//!
//! An arrow only ever points down, and the inner crates stay small and free of effects. A new crate
//! has to be entered here before it can land.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::args::Args;
use crate::shell;

/// What one crate may depend on, tests aside.
struct Rule {
    name: &'static str,
    /// Crates of this workspace.
    inside: &'static [&'static str],
    /// All other crates.
    outside: Outside,
}

enum Outside {
    Any,
    /// These and no others: the crate knows nothing but its subject.
    Only(&'static [&'static str]),
    /// All but these: what they do is another crate's business.
    AnyBut(&'static [&'static str]),
}

use Outside::{Any, AnyBut, Only};

/// From the bottom up. `lantern-testkit` and `xtask` are in nobody's list: only tests use them;
/// `lantern-interop` is nothing but tests.
const RULES: [Rule; 13] = [
    Rule { name: "ipmi-wire", inside: &[], outside: Only(&["thiserror"]) },
    Rule {
        name: "ipmi-session",
        inside: &["ipmi-wire"],
        outside: Only(&[
            "aes",
            "cbc",
            "hmac",
            "md-5",
            "md2",
            "rc4",
            "sha1",
            "sha2",
            "subtle",
            "thiserror",
            "zeroize",
        ]),
    },
    Rule { name: "ipmi-io", inside: &[], outside: Any },
    Rule {
        name: "ipmi-client",
        inside: &["ipmi-wire", "ipmi-session", "ipmi-io"],
        outside: AnyBut(&["clap", "comfy-table", "redb", "rpassword", "toml"]),
    },
    Rule {
        name: "ipmi-bmc",
        inside: &["ipmi-wire", "ipmi-session"],
        outside: AnyBut(&["quinn-udp", "redb", "rustix", "socket2", "tokio"]),
    },
    Rule {
        name: "lantern-bmcd",
        inside: &["ipmi-wire", "ipmi-session", "ipmi-io", "ipmi-bmc"],
        outside: AnyBut(&["clap", "comfy-table", "rpassword"]),
    },
    // It never knows how one BMC is spoken to.
    Rule {
        name: "lantern-fleet",
        inside: &[],
        outside: Only(&["futures-util", "indexmap", "thiserror", "tokio"]),
    },
    // Nor does this one, and it knows no terminals.
    Rule {
        name: "lantern-console",
        inside: &[],
        outside: Only(&["jiff", "rustix", "serde", "serde_json", "thiserror", "tokio", "tracing"]),
    },
    Rule {
        name: "lantern-config",
        inside: &["ipmi-wire", "ipmi-session"],
        outside: AnyBut(&["clap", "comfy-table", "redb", "rpassword", "tokio"]),
    },
    Rule {
        name: "lantern",
        inside: &[
            "ipmi-wire",
            "ipmi-session",
            // For its terminal alone.
            "ipmi-io",
            "ipmi-client",
            "lantern-bmcd",
            "lantern-config",
            "lantern-console",
            "lantern-fleet",
        ],
        outside: Any,
    },
    Rule {
        name: "lantern-testkit",
        inside: &[
            "ipmi-wire",
            "ipmi-session",
            "ipmi-io",
            "ipmi-client",
            "ipmi-bmc",
            "lantern-bmcd",
        ],
        outside: Any,
    },
    Rule { name: "lantern-interop", inside: &[], outside: Only(&[]) },
    Rule { name: "xtask", inside: &[], outside: Only(&["anyhow", "serde_json"]) },
];

/// Crates that nothing is built from.
#[cfg(test)]
const FOR_TESTS: [&str; 3] = ["lantern-testkit", "lantern-interop", "xtask"];

/// `cargo xtask arrows`.
pub(crate) fn run(args: &Args) -> Result<()> {
    args.finish()?;
    check()
}

/// Holds the workspace to the rules.
pub(crate) fn check() -> Result<()> {
    let packages = packages(&metadata()?)?;
    let wrong = violations(&packages);
    if !wrong.is_empty() {
        bail!("arrows that the design does not have:\n  {}", wrong.join("\n  "));
    }
    println!("{} crates, {} arrows between them", packages.len(), arrows(&packages));
    Ok(())
}

/// What cargo knows of this workspace, without looking at the network.
pub(crate) fn metadata() -> Result<Value> {
    let arguments = ["metadata", "--no-deps", "--format-version", "1", "--offline"];
    let text = shell::output(&mut shell::cargo(arguments))?;
    serde_json::from_str(&text).context("cargo metadata is not JSON")
}

/// A crate of the workspace, and what it needs to be built.
#[derive(Debug)]
struct Package {
    name: String,
    needs: Vec<String>,
}

fn packages(metadata: &Value) -> Result<Vec<Package>> {
    let list = |value: &Value, key: &str| -> Result<Vec<Value>> {
        let list = value.get(key).and_then(Value::as_array).cloned();
        list.with_context(|| format!("cargo metadata has no list of {key}"))
    };
    let name = |value: &Value| -> Result<String> {
        let name = value.get("name").and_then(Value::as_str).map(str::to_owned);
        name.context("cargo metadata has something without a name")
    };
    let is_for_tests =
        |dependency: &Value| dependency.get("kind").and_then(Value::as_str) == Some("dev");
    let package = |package: &Value| -> Result<Package> {
        let dependencies = list(package, "dependencies")?;
        let needs = dependencies.iter().filter(|dependency| !is_for_tests(dependency)).map(name);
        Ok(Package { name: name(package)?, needs: needs.collect::<Result<_>>()? })
    };
    list(metadata, "packages")?.iter().map(package).collect()
}

fn violations(packages: &[Package]) -> Vec<String> {
    let mut wrong = Vec::new();
    for Package { name, needs } in packages {
        let Some(rule) = RULES.iter().find(|rule| rule.name == name) else {
            wrong.push(format!("{name}: not in the design; enter it in xtask/src/arrows.rs"));
            continue;
        };
        for need in needs {
            let is_ours = packages.iter().any(|package| package.name == *need);
            let fine = match &rule.outside {
                _ if is_ours => rule.inside.contains(&need.as_str()),
                Any => true,
                Only(list) => list.contains(&need.as_str()),
                AnyBut(list) => !list.contains(&need.as_str()),
            };
            if !fine {
                wrong.push(format!("{name} -> {need}"));
            }
        }
    }
    wrong
}

fn arrows(packages: &[Package]) -> usize {
    let is_ours = |need: &&String| packages.iter().any(|package| package.name == **need);
    packages.iter().flat_map(|package| &package.needs).filter(is_ours).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, needs: &[&str]) -> Package {
        let needs = needs.iter().map(|need| (*need).to_owned()).collect();
        Package { name: name.to_owned(), needs }
    }

    #[test]
    fn the_workspace_has_the_arrows_of_the_design_and_no_others() {
        let packages = packages(&metadata().unwrap()).unwrap();
        assert!(packages.len() >= 5 && arrows(&packages) >= 5, "{packages:?}");
        assert_eq!(violations(&packages), Vec::<String>::new());
    }

    #[test]
    fn a_wrong_arrow_is_named() {
        let packages = [
            package("ipmi-wire", &["thiserror", "tokio"]),
            package("ipmi-io", &["rustix", "ipmi-wire"]),
            package("ipmi-session", &["ipmi-wire", "hmac"]),
            package("ipmi-bmc", &["ipmi-wire", "lantern-testkit", "tokio"]),
            package("lantern-testkit", &["ipmi-wire", "tempfile"]),
            package("lantern-cloud", &[]),
        ];
        assert_eq!(
            violations(&packages),
            [
                "ipmi-wire -> tokio",
                "ipmi-io -> ipmi-wire",
                "ipmi-bmc -> lantern-testkit",
                "ipmi-bmc -> tokio",
                "lantern-cloud: not in the design; enter it in xtask/src/arrows.rs",
            ]
        );
    }

    #[test]
    fn what_only_tests_need_is_free_and_what_a_build_script_needs_is_not() {
        let metadata = serde_json::json!({"packages": [
            {"name": "ipmi-wire", "dependencies": [
                {"name": "proptest", "kind": "dev"},
                {"name": "cc", "kind": "build"},
                {"name": "thiserror", "kind": null},
            ]},
        ]});
        let packages = packages(&metadata).unwrap();
        assert_eq!(violations(&packages), ["ipmi-wire -> cc"]);
    }

    #[test]
    fn no_rule_lets_an_arrow_point_up_or_to_what_is_for_tests() {
        for (level, rule) in RULES.iter().enumerate() {
            for need in rule.inside {
                let below = RULES.iter().position(|other| other.name == *need);
                assert!(below.is_some_and(|below| below < level), "{} -> {need}", rule.name);
                assert!(!FOR_TESTS.contains(need), "{} -> {need}", rule.name);
            }
        }
    }
}
