//! What a shell is offered, asked as bash asks, with what `lantern completions bash` prints.

use std::path::Path;
use std::process::Command;

use crate::support::{Bmc, PASSWORD, finish, lantern};

/// What bash offers for a line whose last word is to be completed.
fn offered(line: &str, variables: &[(&str, &Path)]) -> Vec<String> {
    let script = r#"
        source <("$LANTERN" completions bash)
        eval "COMP_WORDS=($LINE)"
        [[ $LINE == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _clap_complete_lantern lantern "${COMP_WORDS[COMP_CWORD]}" ""
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let mut bash = Command::new("bash");
    let plain = lantern();
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => bash.env(name, value),
            None => bash.env_remove(name),
        };
    }
    bash.args(["--norc", "-c", script]).env("LANTERN", plain.get_program()).env("LINE", line);
    let output = finish(bash.envs(variables.iter().copied()));
    output.expect_success().lines().map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn commands_and_options_are_offered() {
    let offers = offered("lantern po", &[]);
    assert_eq!(offers, ["power"]);
    let offers = offered("lantern power ", &[]);
    assert!(
        offers.contains(&"cycle".to_owned()) && !offers.contains(&"sel".to_owned()),
        "{offers:?}"
    );
    assert_eq!(offered("lantern --password-c", &[]), ["--password-command"]);
    assert!(!offered("lantern ", &[]).contains(&"docs".to_owned()));
    assert_eq!(offered("lantern firewall info --command chassis-c", &[]), ["chassis-control"]);
    assert_eq!(offered("lantern firewall disable --netfn d", &[]), ["dcmi"]);
}

#[test]
fn hosts_and_groups_are_those_of_the_configuration() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("lantern.toml");
    let text = "[hosts.rack1]\n[hosts.rack2]\n[hosts.\"n[1-3]\"]\n[groups]\nracks = [\"rack1\"]\n\
                [hosts.typo]\nprot = 1\n";
    std::fs::write(&file, text).unwrap();
    let variables = [("LANTERN_CONFIG", file.as_path())];
    assert_eq!(offered("lantern -H ", &variables), ["rack1", "rack2", "typo", "@racks"]);
    assert_eq!(offered("lantern power status -H ra", &variables), ["rack1", "rack2"]);
}

#[test]
fn sensors_are_those_that_were_read() {
    let bmc = Bmc::start();
    let cache = bmc.directory.path().join("cache");
    let variables = [("XDG_CACHE_HOME", cache.as_path())];
    assert_eq!(offered("lantern sensor get FA", &variables), [""]);
    let mut list = bmc.console(&["sensor", "list"]);
    finish(list.env("XDG_CACHE_HOME", &cache).env("LANTERN_PASSWORD", PASSWORD)).expect_success();
    let address = bmc.address;
    let here = format!("lantern -H {address} sensor get ");
    assert!(offered(&format!("{here}FA"), &variables).contains(&"FAN1".to_owned()));
    // A name of two words is one word of the line.
    assert!(offered(&format!("{here}CPU1"), &variables).contains(&r"CPU1\ Temp".to_owned()));
    assert!(!offered("lantern -H rack1 sensor get FA", &variables).is_empty());
    // Nobody's terminal obeys a name.
    assert!(offered(&here, &variables).iter().all(|name| !name.contains(char::is_control)));
    // Another BMC's are none of this one's.
    assert_eq!(offered("lantern -H 192.0.2.1 sensor get FA", &variables), [""]);
}

#[test]
fn every_shell_has_a_script() {
    for shell in ["bash", "zsh", "fish"] {
        let output = finish(lantern().args(["completions", shell]));
        assert!(output.expect_success().contains("LANTERN_COMPLETE"), "{shell}");
    }
}

#[test]
fn colours_are_for_terminals_and_for_those_who_want_them() {
    for (no_color, words) in [("", "--help"), ("1", "--help"), ("", "nonsense"), ("1", "nonsense")]
    {
        let output = finish(lantern().arg(words).env("NO_COLOR", no_color));
        assert!(!(output.stdout + &output.stderr).contains('\u{1b}'), "{words}");
    }
}
