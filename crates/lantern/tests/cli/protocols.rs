//! Suites, IPMI 1.5 and workarounds: what is asked for, and what is refused.

use crate::support::{Bmc, example, lantern_with};

/// A wrong use of these options: nothing is sent for them, so nobody has to be there.
fn refused(options: &[&str]) -> String {
    let words = ["-H", "127.0.0.1", "-U", "admin", "power", "status"];
    let output = lantern_with(&[&words, options].concat());
    assert_eq!((output.code(), output.stdout.as_str()), (Some(2), ""), "{options:?}");
    assert!(output.stderr.starts_with("error: "), "{}", output.stderr);
    output.stderr
}

#[test]
fn suites_that_protect_nothing_are_asked_for_twice_and_broken_ones_not_at_all() {
    for weak in ["0", "1", "2", "6", "7", "8", "11", "12", "15", "16"] {
        let error = refused(&["-C", weak]);
        assert!(error.contains("--allow-insecure-suites"), "{weak}: {error}");
    }
    assert!(refused(&["-C", "8"]).contains("MD5, which is broken"));
    assert!(refused(&["-C", "1"]).contains("does not protect what it carries"));
    for broken in ["4", "5", "9", "10", "13", "14", "18", "19"] {
        let error = refused(&["-C", broken, "--allow-insecure-suites"]);
        assert!(error.contains("xRC4, which is broken"), "{broken}: {error}");
    }
    assert!(refused(&["-C", "20"]).contains("a number from 0 to 19"));
}

#[test]
fn ipmi_15_is_the_users_word() {
    let error = refused(&["-A", "md5"]);
    assert!(error.contains("encrypts nothing") && error.contains("--allow-ipmi15"), "{error}");
    assert!(refused(&["-A", "sha1", "--allow-ipmi15"]).contains("md2"));
    assert!(refused(&["-C", "17", "--allow-ipmi15"]).contains("no cipher suites"));
}

#[test]
fn workarounds_are_named_as_freeipmi_does() {
    let error = refused(&["--workaround", "idzeroo"]);
    assert!(error.contains("is 'idzero' meant?") && error.contains("opensesspriv"), "{error}");
    let error = refused(&["--workaround", "noauthcodecheck"]);
    assert!(error.contains("it weakens security"), "{error}");
    assert!(refused(&["--workaround", "none,idzero"]).contains("cannot stand beside"));

    let bmc = Bmc::start();
    for options in [
        &["--workaround", "none"][..],
        &["--workaround", "opensesspriv,authcap"],
        &["--workaround", "sun20", "--workaround", "nochecksumcheck"],
        &["--refuses-replays"],
    ] {
        bmc.text(&[&["power", "status"], options].concat());
    }
}

#[test]
fn every_suite_that_is_spoken_is_spoken_by_both_ends() {
    let all = "suites = [0, 1, 2, 3, 6, 7, 8, 11, 12, 15, 16, 17]\nallow_insecure_suites = true";
    let bmc = Bmc::with(&example().replace("suites = [17, 3]", all), &[]);
    for suite in ["0", "1", "2", "3", "6", "7", "8", "11", "12", "15", "16", "17"] {
        let object = bmc.json(&["session", "info", "-C", suite, "--allow-insecure-suites"]);
        assert_eq!(object["cipher_suite"].to_string(), suite);
        assert_eq!(
            (&object["protocol"], &object["quirks"]),
            (&"rmcp+".into(), &[(); 0][..].into())
        );
    }
}

#[test]
fn a_session_of_ipmi_15_says_that_it_is_one() {
    let all = "suites = [17, 3]\nipmi15 = [\"none\", \"md2\", \"md5\", \"password\"]\n\
               allow_insecure_suites = true";
    let bmc = Bmc::with(&example().replace("suites = [17, 3]", all), &[]);
    for (word, name) in
        [("md5", "MD5"), ("md2", "MD2"), ("password", "straight password"), ("none", "none")]
    {
        let options = ["session", "info", "--allow-ipmi15", "-A", word];
        let object = bmc.json(&options);
        assert_eq!(object["protocol"], "ipmi1.5", "{word}");
        assert_eq!(object["authentication_type"], name);
        assert!(object["cipher_suite"].is_null() && object["integrity"].is_null());
        assert!(bmc.text(&options).contains(&format!("IPMI 1.5, authentication {name}")));
    }
    // The first that both know.
    let object = bmc.json(&["session", "info", "--allow-ipmi15"]);
    assert_eq!(object["authentication_type"], "MD5");
    // Not spoken by a BMC that was not told to.
    let bmc = Bmc::start();
    let output = bmc.run(&["power", "status", "--allow-ipmi15", "--deadline", "1"]);
    assert_eq!(output.code(), Some(3), "{}", output.stderr);
}

#[test]
fn a_password_that_does_not_fit_ipmi_15_is_not_cut() {
    let bmc = Bmc::start();
    let mut command = bmc.console(&["power", "status", "--allow-ipmi15"]);
    let output = crate::support::finish(command.env("LANTERN_PASSWORD", "seventeen_letters"));
    assert_eq!(output.code(), Some(3), "{}", output.stderr);
    assert!(output.stderr.contains("17 bytes, and IPMI 1.5 has room for 16"), "{}", output.stderr);
    assert!(output.stderr.contains("nothing is ever cut"), "{}", output.stderr);
}

#[test]
fn what_a_bmc_does_in_its_own_way_is_told_by_its_name() {
    // One in the login, one in the messages afterwards.
    for quirk in ["supermicro20", "nochecksumcheck"] {
        let quirks = format!("suites = [17, 3]\nquirks = [\"{quirk}\"]");
        let bmc = Bmc::with(&example().replace("suites = [17, 3]", &quirks), &[]);
        let object = bmc.json(&["session", "info"]);
        assert_eq!(object["quirks"], serde_json::json!([quirk]));
        assert!(bmc.text(&["session", "info"]).contains(quirk));
        let told = bmc.run(&["power", "status", "-v"]);
        assert!(told.expect_success().contains("on"));
        assert!(told.stderr.contains(quirk), "{}", told.stderr);
        assert_eq!(bmc.run(&["power", "status"]).stderr, "");
    }
}
