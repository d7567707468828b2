//! `lantern.toml`: what it does to a command, and what `lantern config` tells of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Bmc, PASSWORD, example, finish, lantern};

/// A user with a home and a directory to work in, above which nothing is.
struct User(TempDir);

impl User {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The user's own file.
    fn own(&self, text: &str) -> PathBuf {
        self.write("config/lantern/lantern.toml", text)
    }

    /// That of the directory above the one that the user works in.
    fn project(&self, text: &str) -> PathBuf {
        self.write("work/lantern.toml", text)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        path
    }

    fn lantern(&self, words: &[&str]) -> Command {
        let inside = self.0.path().join("work/inside");
        std::fs::create_dir_all(&inside).unwrap();
        let mut command = lantern();
        command.env_remove("LANTERN_CONFIG").env("XDG_CONFIG_HOME", self.0.path().join("config"));
        command.current_dir(inside).args(words);
        command
    }

    /// An object of `lantern config`, whatever the exit code.
    fn json(&self, words: &[&str]) -> Value {
        let words: Vec<_> = ["-o", "json"].iter().chain(words).copied().collect();
        let output = finish(&mut self.lantern(&words));
        let object = serde_json::from_str(&output.stdout)
            .unwrap_or_else(|_| panic!("{words:?}: {}{}", output.stdout, output.stderr));
        crate::schemas::check(&object);
        object
    }
}

/// The value of a key, and where it is from.
fn setting(shown: &Value, key: &str) -> (Value, String) {
    let settings = shown["settings"].as_array().unwrap();
    let found = settings.iter().find(|setting| setting["key"] == key);
    let found = found.unwrap_or_else(|| panic!("no {key}: {shown:#}"));
    let file = |file: &str| Path::new(file).file_name().unwrap().to_str().unwrap().to_owned();
    let from = match (&found["file"], &found["name"]) {
        (Value::String(path), _) => format!("{}:{}", file(path), found["line"]),
        (_, Value::String(name)) => name.clone(),
        _ => found["source"].as_str().unwrap().to_owned(),
    };
    (found["value"].clone(), from)
}

#[test]
fn a_host_is_reached_by_its_name() {
    let bmc = Bmc::start();
    let user = User::new();
    let secret = user.write("config/lantern/secret", PASSWORD);
    let text = format!(
        "[hosts.gallery]\naddress = \"{}\"\nuser = \"admin\"\ncredential = \"c\"\n\
         [credentials.c]\nfile = \"secret\"\n",
        bmc.address
    );
    user.own(&text);
    let output = finish(&mut user.lantern(&["-H", "gallery", "power", "status", "-vv"]));
    output.expect_success();
    assert!(output.stderr.contains("lantern.toml:5"), "{}", output.stderr);
    assert!(!output.stderr.contains(PASSWORD), "{}", output.stderr);
    // The address alone is not that host: nobody said who logs in.
    let address = bmc.address.to_string();
    let stranger = finish(&mut user.lantern(&["-H", &address, "power", "status"]));
    assert_eq!(stranger.code(), Some(2));
    // Nor is there any file for whoever wants none.
    let none = ["--config", "none", "-H", "gallery", "power", "status", "-U", "admin"];
    let none = finish(user.lantern(&none).env("LANTERN_PASSWORD", PASSWORD));
    assert_eq!(none.code(), Some(3), "{}", none.stderr);
    std::fs::remove_file(secret).unwrap();
    let lost = finish(&mut user.lantern(&["-H", "gallery", "power", "status"]));
    assert_eq!(lost.code(), Some(2));
    assert!(lost.stderr.contains("lantern.toml:5: credential 'c': "), "{}", lost.stderr);
}

#[test]
fn options_stand_over_variables_over_files() {
    let user = User::new();
    user.own(
        "[defaults]\nuser = \"filed\"\nport = 1001\ndeadline = 7\nprivilege = \"operator\"\n\
         suites = [3]\ncache = false\nrefuses_replays = true\nworkarounds = [\"idzero\"]\n\
         credential = \"c\"\n[credentials.c]\nenv = \"MINE\"\n",
    );
    let show = |words: &[&str], variables: &[(&str, &str)]| {
        let words: Vec<_> =
            ["-o", "json", "-H", "192.0.2.1"].iter().chain(words).copied().collect();
        let mut command = user.lantern(&words);
        let output = finish(command.args(["config", "show"]).envs(variables.iter().copied()));
        serde_json::from_str::<Value>(output.expect_success()).unwrap()
    };
    let is = |shown: &Value, key: &str, value: Value, from: &str| {
        assert_eq!(setting(shown, key), (value, from.to_owned()), "{key}");
    };
    let plain = show(&[], &[]);
    is(&plain, "user", "filed".into(), "lantern.toml:2");
    is(&plain, "port", 1001.into(), "lantern.toml:3");
    is(&plain, "deadline", 7.into(), "lantern.toml:4");
    is(&plain, "privilege", "operator".into(), "lantern.toml:5");
    is(&plain, "suites", serde_json::json!([3]), "lantern.toml:6");
    is(&plain, "cache", false.into(), "lantern.toml:7");
    is(&plain, "refuses_replays", true.into(), "lantern.toml:8");
    is(&plain, "workarounds", serde_json::json!(["idzero"]), "lantern.toml:9");
    is(&plain, "address", "192.0.2.1".into(), "-H");
    is(&plain, "password", "credential 'c': environment variable MINE".into(), "lantern.toml:11");
    is(&plain, "allow_insecure_suites", false.into(), "built_in");

    let variables = show(&[], &[("LANTERN_USER", "env"), ("LANTERN_PASSWORD", PASSWORD)]);
    is(&variables, "user", "env".into(), "LANTERN_USER");
    is(&variables, "password", "environment variable LANTERN_PASSWORD".into(), "LANTERN_PASSWORD");
    assert!(!variables.to_string().contains(PASSWORD));

    let words =
        ["-U", "typed", "-p", "99", "--deadline", "2.5", "-L", "user", "-C", "17", "-P", PASSWORD];
    let typed = show(&words, &[("LANTERN_USER", "env"), ("LANTERN_PASSWORD", "x")]);
    is(&typed, "user", "typed".into(), "-U");
    is(&typed, "port", 99.into(), "-p");
    is(&typed, "deadline", serde_json::json!(2.5), "--deadline");
    is(&typed, "privilege", "user".into(), "-L");
    is(&typed, "suites", serde_json::json!([17]), "-C");
    is(&typed, "password", "command line".into(), "-P");
    assert!(!typed.to_string().contains(PASSWORD));
}

#[test]
fn every_kind_of_setting_reaches_the_bmc() {
    // Suite 3 and a key are all that this BMC takes.
    let config = example().replace("suites = [17, 3]", "kg = \"Lantern_Key\"\nsuites = [3]");
    let bmc = Bmc::with(&config, &[]);
    let user = User::new();
    user.own(&format!(
        "[defaults]\nuser = \"admin\"\noutput = \"json\"\nprofile = \"p\"\n\
         [profiles.p]\nsuites = [3]\nkg = \"k\"\ncredential = \"c\"\nprivilege = \"user\"\n\
         [hosts.\"bench-[1-9]\"]\nport = {}\naddress = \"127.0.0.1\"\n\
         [credentials.k]\nenv = \"KG\"\n[credentials.c]\nenv = \"PW\"\n",
        bmc.address.port()
    ));
    let wrong = user.json(&["config", "check"]);
    assert_eq!(wrong["mistakes"], 1, "a pattern has no single address: {wrong:#}");
    user.own(&format!(
        "[defaults]\nuser = \"admin\"\noutput = \"json\"\nprofile = \"p\"\n\
         [profiles.p]\nsuites = [3]\nkg = \"k\"\ncredential = \"c\"\nprivilege = \"user\"\n\
         [hosts.\"127.0.0.[1-9]\"]\nport = {}\n\
         [credentials.k]\nenv = \"KG\"\n[credentials.c]\nenv = \"PW\"\n",
        bmc.address.port()
    ));
    let run = |words: &[&str]| {
        let mut command = user.lantern(&["-H", "127.0.0.1"]);
        finish(command.args(words).env("KG", "Lantern_Key").env("PW", PASSWORD))
    };
    let session: Value = serde_json::from_str(run(&["session", "info"]).expect_success()).unwrap();
    assert_eq!(session["cipher_suite"], 3);
    assert_eq!(session["privilege"], "user");
    // What was typed counts more, for the form as well.
    assert_eq!(run(&["power", "status", "-o", "table"]).expect_success(), "Chassis power is on\n");
    let refused = run(&["power", "on"]);
    assert!(refused.stderr.contains("needs OPERATOR"), "{}", refused.stderr);
    assert!(refused.stderr.starts_with("{\"schema\":\"lantern.error/1\""), "{}", refused.stderr);
    run(&["power", "on", "-L", "operator"]).expect_success();
}

#[test]
fn insecure_settings_hold_where_they_are_allowed() {
    let user = User::new();
    let show = |text: &str, words: &[&str]| {
        user.own(text);
        finish(&mut user.lantern(&[&["-H", "h", "config", "show"], words].concat()))
    };
    let refused = show("[hosts.h]\nsuites = [0]\n", &[]);
    assert_eq!(refused.code(), Some(2));
    assert!(
        refused.stderr.contains("lantern.toml:2: cipher suite 0 does not protect"),
        "{}",
        refused.stderr
    );
    show("[hosts.h]\nsuites = [0]\nallow_insecure_suites = true\n", &[]).expect_success();
    let text = "[hosts.h]\nallow_ipmi15 = true\nauth_types = [\"md5\"]\n";
    let old = show(text, &[]);
    assert!(old.expect_success().contains("auth_types"), "{}", old.stdout);
    // Who names suites does not mean IPMI 1.5.
    let suites = show(text, &["-C", "17"]);
    assert!(!suites.expect_success().contains("auth_types"), "{}", suites.stdout);
    // Not for everybody.
    let all = show("[defaults]\nallow_ipmi15 = true\n", &[]);
    assert!(all.stderr.contains("not for all"), "{}", all.stderr);
}

#[test]
fn a_mistake_anywhere_stops_everything_but_what_helps() {
    let user = User::new();
    let file = user
        .own("[hosts.rack1]\naddres = \"10.0.0.1\"\nport = 0\n[hosts.b]\naddress = \"a:b:c\"\n");
    let status = finish(&mut user.lantern(&["-H", "rack1", "power", "status"]));
    assert_eq!(status.code(), Some(2));
    let place = format!(
        "{}:2:1: 'addres' is not a key of [hosts.NAME]; is 'address' meant?",
        file.display()
    );
    assert!(status.stderr.contains(&place), "{}", status.stderr);
    assert!(status.stderr.contains("2 mistakes more"), "{}", status.stderr);
    let check = finish(&mut user.lantern(&["config", "check"]));
    assert_eq!(check.code(), Some(2));
    for place in [":2:1: ", ":3:8: ", ":5:11: not an address"] {
        assert!(check.stdout.contains(place), "{}", check.stdout);
    }
    assert!(check.stdout.ends_with("1 file, 3 mistakes\n"), "{}", check.stdout);
    let object = user.json(&["config", "check"]);
    assert_eq!((object["mistakes"].as_u64(), &object["findings"][1]["line"]), (Some(3), &3.into()));
    let places = user.json(&["config", "path"]);
    assert_eq!(places["places"][1]["exists"], true, "{places:#}");
    finish(&mut user.lantern(&["completions", "bash"])).expect_success();
    finish(&mut user.lantern(&["--config", "none", "sdr", "cache", "show"])).expect_success();
}

#[test]
fn a_file_can_be_checked_before_it_is_used() {
    let user = User::new();
    let file = user.write("new.toml", "[hosts.a]\ncredential = \"nobody\"\n");
    let check = finish(user.lantern(&["config", "check"]).arg(&file));
    assert_eq!(check.code(), Some(2));
    assert!(
        check.stdout.contains("new.toml:2:14: there is no credential 'nobody'"),
        "{}",
        check.stdout
    );
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/lantern.toml");
    let check = finish(user.lantern(&["config", "check"]).arg(&example));
    assert_eq!(check.expect_success(), "1 file, no mistake\n");
    let missing = finish(&mut user.lantern(&["config", "check", "missing.toml"]));
    assert_eq!(missing.code(), Some(2));
    assert!(missing.stdout.ends_with("no file, 1 mistake\n"), "{}", missing.stdout);
}

#[test]
fn a_named_file_is_laid_over_all_others() {
    let user = User::new();
    user.own("[defaults]\nuser = \"own\"\nport = 1\n");
    user.project("[hosts.h]\nport = 2\n");
    let named = user.write("named.toml", "[hosts.h]\nport = 3\n");
    let other = user.write("other.toml", "[hosts.h]\nport = 4\n");
    let port = |words: &[&str], variable: Option<&Path>| {
        let mut command = user.lantern(&["-o", "json", "-H", "h", "config", "show"]);
        command.args(words).envs(variable.map(|path| ("LANTERN_CONFIG", path)));
        let output = finish(&mut command);
        let shown: Value = serde_json::from_str(output.expect_success()).unwrap();
        setting(&shown, "port")
    };
    assert_eq!(port(&[], None), (2.into(), "lantern.toml:2".to_owned()));
    assert_eq!(port(&[], Some(&named)), (3.into(), "named.toml:2".to_owned()));
    let other = other.to_str().unwrap();
    assert_eq!(port(&["--config", other], Some(&named)), (4.into(), "other.toml:2".to_owned()));
    assert_eq!(port(&["--config", "none"], Some(&named)), (623.into(), "built_in".to_owned()));
    let shown = user.json(&["config", "show"]);
    assert_eq!(setting(&shown, "user").0, "own");
}

#[test]
fn a_hostile_project_does_nothing() {
    let bmc = Bmc::start();
    let user = User::new();
    let trap = user.0.path().join("trap");
    user.own(&format!(
        "[hosts.prod]\naddress = \"{}\"\nuser = \"admin\"\ncredential = \"c\"\n\
         [credentials.c]\nenv = \"PW\"\n",
        bmc.address
    ));
    let run = |words: &[&str]| finish(user.lantern(words).env("PW", PASSWORD));
    for text in [
        format!("[credentials.c]\ncommand = [\"touch\", \"{}\"]\n", trap.display()),
        format!(
            "[hosts.prod]\ncredential = \"x\"\n[credentials.x]\ncommand = [\"touch\", \"{}\"]\n",
            trap.display()
        ),
        "[credentials.c]\nfile = \"/etc/passwd\"\n".to_owned(),
        "[defaults]\ncredential = \"c\"\n".to_owned(),
        "[hosts.evil]\naddress = \"192.0.2.66\"\ncredential = \"c\"\n".to_owned(),
        "[hosts.evil]\nallow_ipmi15 = true\n".to_owned(),
    ] {
        let file = user.project(&text);
        let status = run(&["-H", "prod", "power", "status"]);
        assert_eq!(status.code(), Some(2), "{text}");
        assert!(status.stderr.contains(&file.display().to_string()), "{}", status.stderr);
        assert!(!trap.exists(), "{text}");
        // Who does not want it does without.
        let none = run(&[
            "--config",
            "none",
            "-H",
            &bmc.address.to_string(),
            "-U",
            "admin",
            "--password-command",
            "printenv PW",
            "power",
            "status",
        ]);
        none.expect_success();
    }
    // What it says of the user's own host does not count; of others it does.
    user.project("[hosts.prod]\naddress = \"192.0.2.66\"\nuser = \"x\"\n[hosts.\"*\"]\nport = 9\n[hosts.lab]\naddress = \"192.0.2.9\"\n");
    assert_eq!(run(&["-H", "prod", "power", "status"]).expect_success(), "Chassis power is on\n");
    let lab = user.json(&["-H", "lab", "config", "show"]);
    assert_eq!(setting(&lab, "address"), ("192.0.2.9".into(), "lantern.toml:7".to_owned()));
    let remarks = user.json(&["config", "check"]);
    assert_eq!(
        (remarks["mistakes"].as_u64(), &remarks["findings"][0]["kind"]),
        (Some(0), &"remark".into())
    );
}

#[test]
fn nothing_secret_is_shown() {
    let user = User::new();
    user.own(
        "[defaults]\nuser = \"admin\"\ncredential = \"a\"\n[credentials.a]\n\
         command = [\"echo\", \"Complex_Pass\"]\n[credentials.b]\nenv = \"PW\"\n",
    );
    for words in [
        &["config", "show"][..],
        &["-H", "h", "config", "show"],
        &["config", "check"],
        &["-H", "192.0.2.1", "--deadline", "0.05", "power", "status"],
        &["config", "show", "-o", "yaml"],
    ] {
        let mut command = user.lantern(words);
        let output = finish(command.arg("-vvv").env("PW", PASSWORD));
        let all = output.stdout + &output.stderr;
        assert!(!all.contains(PASSWORD), "{words:?}: {all}");
    }
    // One in the wrong place is not quoted where it is complained of.
    user.own(
        "[hosts.h]\npassword = \"Complex_Pass\"\n[credentials.c]\npassword = \"Complex_Pass\"\n",
    );
    let output = finish(&mut user.lantern(&["config", "check", "-vvv"]));
    assert!(output.stdout.contains("holds no secret"), "{}", output.stdout);
    assert!(!(output.stdout + &output.stderr).contains(PASSWORD));
}
