//! Who logs in, with which secret, over which suite.

use std::path::Path;
use std::process::Command;

use lantern_testkit::process::Output;

use crate::support::{Bmc, PASSWORD, example, file, finish, lantern};

/// `power status` as `user`, with nothing said about the password yet.
fn status(bmc: &Bmc, user: &str) -> Command {
    let mut command = lantern();
    command.args(["-H", &bmc.address.to_string(), "-U", user, "power", "status"]);
    command
}

fn with_file(bmc: &Bmc, path: &Path) -> Output {
    finish(status(bmc, "admin").arg("--password-file").arg(path))
}

#[test]
fn a_password_file_is_for_its_owner_alone() {
    let bmc = Bmc::start();
    let directory = bmc.directory.path();
    for content in ["Complex_Pass", "Complex_Pass\n", "Complex_Pass\r\n", "Complex_Pass\nmore\n"] {
        with_file(&bmc, &file(directory, content.as_bytes(), 0o600)).expect_success();
    }
    for mode in [0o640, 0o604, 0o620, 0o601] {
        let path = file(directory, b"Complex_Pass\n", mode);
        let output = with_file(&bmc, &path);
        assert_eq!(output.code(), Some(2), "{mode:o}");
        assert!(output.stderr.contains(&path.display().to_string()), "{}", output.stderr);
        assert!(output.stderr.contains("chmod 600"), "{}", output.stderr);
    }
    for (content, says) in [
        (&b"\n"[..], "first line is empty"),
        (b"123456789012345678901", "more than 20 bytes"),
        (&[b'x'; 10_000], "more than 20 bytes"),
    ] {
        let output = with_file(&bmc, &file(directory, content, 0o600));
        assert_eq!(output.code(), Some(2), "{says}");
        assert!(output.stderr.contains(says), "{}", output.stderr);
    }
    let missing = with_file(&bmc, &directory.join("missing"));
    assert_eq!(missing.code(), Some(2));
}

#[test]
fn passwords_come_from_the_first_source_that_has_one() {
    let bmc = Bmc::start();
    let run = |own: &str, common: &str| {
        let mut command = status(&bmc, "admin");
        finish(command.env("LANTERN_PASSWORD", own).env("IPMI_PASSWORD", common)).code()
    };
    assert_eq!(run(PASSWORD, "wrong"), Some(0));
    assert_eq!(run("wrong", PASSWORD), Some(3));
    assert_eq!(run("", PASSWORD), Some(0));

    // Without any, and without a terminal: an error rather than a question that nobody sees.
    let none = finish(&mut status(&bmc, "admin"));
    assert_eq!(none.code(), Some(2));
    assert!(none.stderr.contains("no terminal"), "{}", none.stderr);

    let typed = finish(status(&bmc, "admin").args(["-P", PASSWORD]));
    assert!(typed.expect_success().contains("on"));
    assert!(typed.stderr.starts_with("warning: -P "), "{}", typed.stderr);

    let mut both = status(&bmc, "admin");
    let both = finish(both.args(["-P", "x", "--password-file", "/nonexistent"]));
    assert_eq!(both.code(), Some(2));
}

#[test]
fn the_user_may_come_from_the_environment() {
    let bmc = Bmc::start();
    let mut command = lantern();
    command.args(["-H", &bmc.address.to_string(), "power", "status"]);
    command.env("LANTERN_PASSWORD", PASSWORD);
    let nobody = finish(&mut command);
    assert_eq!(nobody.code(), Some(2));
    assert!(nobody.stderr.contains("no user was named"), "{}", nobody.stderr);
    finish(command.env("LANTERN_USER", "admin")).expect_success();
}

#[test]
fn every_refusal_of_a_login_has_its_cause() {
    let bmc = Bmc::start();
    for (user, password, option, cause) in [
        ("admin", "wrong", "-v", "wrong password for user 'admin'"),
        ("nobody", PASSWORD, "-v", "no enabled user 'nobody'"),
        ("guest", "Guest_Pass_4", "-Ladmin", "limited to less than ADMINISTRATOR"),
    ] {
        let mut command = status(&bmc, user);
        let output = finish(command.arg(option).env("LANTERN_PASSWORD", password));
        assert_eq!(output.code(), Some(3), "{cause}");
        assert!(output.stderr.contains(cause), "{}", output.stderr);
    }
    // Enough for what the command needs is enough.
    let guest = finish(status(&bmc, "guest").env("LANTERN_PASSWORD", "Guest_Pass_4"));
    guest.expect_success();
    // Asked for less than is needed: the BMC says so, and we say what it takes.
    let output = bmc.run(&["power", "on", "-L", "user"]);
    assert_eq!(output.code(), Some(1));
    assert!(output.stderr.contains("(D4h)") && output.stderr.contains("needs OPERATOR"));
    // A suite that is not on offer.
    let zero = bmc.run(&["power", "status", "-C", "0", "--allow-insecure-suites"]);
    assert_eq!(zero.code(), Some(3));
    assert!(zero.stderr.contains("refused cipher suite 0"), "{}", zero.stderr);
}

#[test]
fn no_secret_is_ever_shown() {
    let bmc = Bmc::start();
    for words in [&["-vvv", "sensor", "list"][..], &["-vvv", "-o", "json", "power", "cycle"]] {
        let output = bmc.run(words);
        assert!(!output.stderr.contains(PASSWORD) && !output.stdout.contains(PASSWORD));
        assert!(output.stderr.contains("logged in"), "{}", output.stderr);
    }
    let wrong = finish(status(&bmc, "admin").env("LANTERN_PASSWORD", "Wrong_Secret").arg("-vvv"));
    assert!(!wrong.stderr.contains("Wrong_Secret"), "{}", wrong.stderr);
}

#[test]
fn a_bmc_without_suite_17_is_remembered() {
    let bmc = Bmc::with(&example().replace("suites = [17, 3]", "suites = [3]"), &[]);
    let cache = bmc.directory.path().join("cache");
    let run = |words: &[&str]| {
        let output = finish(bmc.console(words).env("XDG_CACHE_HOME", &cache));
        output.expect_success();
        output.stderr
    };
    let status = ["power", "status", "-vv"];
    let first = run(&["power", "status"]);
    assert!(first.starts_with("note: cipher suite 17 was refused ("), "{first}");
    assert!(first.contains("11h") && first.ends_with(", using cipher suite 3\n"), "{first}");
    let second = run(&status);
    assert!(!second.contains("was refused (") && second.contains("tried first"), "{second}");
    // Repetitions on a busy machine aside, no exchange is lost on suite 17.
    assert!((0..5).any(|_| run(&status).contains("sent=5 received=4")), "{second}");
    // That it is the lesser one is said each time: somebody in between may have refused the better one.
    let note = "note: cipher suite 3 is used: a better one was refused within the last hour";
    assert!(run(&["power", "status"]).starts_with(note), "{second}");
    // Suites that were named are tried as they were named.
    let named = run(&["power", "status", "-C", "17,3", "-vv"]);
    assert!(named.contains("17 was refused"), "{named}");
    // A cache that is not one is as good as none.
    std::fs::write(cache.join("lantern/bmcs.json"), "nonsense").unwrap();
    assert!(run(&["power", "status"]).contains("17 was refused"));
    assert!(!run(&["power", "status"]).contains("17 was refused"));
    // One that is not to be tried is not said to be.
    let file = cache.join("lantern/bmcs.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"suite\":3", "\"suite\":0")).unwrap();
    let zero = run(&status);
    assert!(zero.contains("17 was refused") && !zero.contains("tried first"), "{zero}");
    // Nothing to remember it in is nothing to complain about.
    let homeless = finish(bmc.console(&["power", "status"]).env_remove("HOME"));
    homeless.expect_success();
}

#[test]
fn a_better_suite_that_is_taken_ends_the_memory_of_a_lesser_one() {
    let bmc = Bmc::start();
    let cache = bmc.directory.path().join("cache");
    let status = || {
        finish(bmc.console(&["power", "status"]).env("XDG_CACHE_HOME", &cache)).expect_success();
    };
    std::fs::create_dir_all(cache.join("lantern")).unwrap();
    let known = cache.join("lantern/bmcs.json");
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    for (age, is_kept) in [(60, true), (3660, false)] {
        let (address, learned) = (bmc.address, now - age);
        let entry = format!(r#""{address}":{{"suite":3,"learned":{learned}}}"#);
        std::fs::write(&known, format!(r#"{{"version":1,"bmcs":{{{entry}}}}}"#)).unwrap();
        status();
        let text = std::fs::read_to_string(&known).unwrap();
        assert_eq!(text.contains("\"suite\":3"), is_kept, "{age}: {text}");
    }
}

#[test]
fn the_key_of_a_bmc_is_given_as_text_or_as_hexadecimal() {
    let config = example().replace("suites =", "kg = \"Lantern_Key\"\nsuites =");
    let bmc = Bmc::with(&config, &[]);
    let directory = bmc.directory.path();
    for content in [&b"Lantern_Key\n"[..], b"0x4c616e7465726e5f4b6579\n"] {
        let path = file(directory, content, 0o600);
        finish(bmc.console(&["power", "status", "--kg-file"]).arg(path)).expect_success();
    }
    finish(bmc.console(&["power", "status"]).env("LANTERN_KG", "Lantern_Key")).expect_success();
    for wrong in [None, Some("Another_Key")] {
        let mut command = bmc.console(&["power", "status"]);
        let output = finish(command.envs(wrong.map(|kg| ("LANTERN_KG", kg))));
        assert_eq!(output.code(), Some(3));
        assert!(output.stderr.contains("K_g"), "{}", output.stderr);
    }
    let open = file(directory, b"Lantern_Key\n", 0o644);
    let output = finish(bmc.console(&["power", "status", "--kg-file"]).arg(open));
    assert_eq!(output.code(), Some(2));
}
