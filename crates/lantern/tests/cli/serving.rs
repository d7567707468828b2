//! Being a BMC: configuration, state, signals; and the demo.

use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Bmc, example, finish, first_line, lantern, lantern_with, signal_to, wait};

#[test]
fn a_bad_file_is_placed_and_nothing_is_bound() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bmc.toml");
    // Somebody has the port already: who tried to bind it would hear of that.
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let here = taken.local_addr().unwrap().to_string();
    let good = example().replace("127.0.0.1:0", &here);
    for (from, to, says) in [
        ("[machine]", "[machine]\ncolour = 1", "unknown field `colour`"),
        ("\"administrator\"", "\"root\"", "\"operator\""),
        ("suites = [17, 3]", "suites = [17, 0]", "allow_insecure_suites"),
    ] {
        let bad = good.replace(from, to);
        std::fs::write(&path, &bad).unwrap();
        let output = lantern_with(&["bmc", "run", path.to_str().unwrap()]);
        assert_eq!((output.code(), output.stdout.as_str()), (Some(2), ""), "{says}");
        let place = output.stderr.strip_prefix(&format!("error: {}:", path.display()));
        let mut place = place.unwrap_or_else(|| panic!("{}", output.stderr)).split(':');
        let line: usize = place.next().unwrap().parse().unwrap();
        let _column: usize = place.next().unwrap().parse().unwrap();
        let changed = bad.lines().zip(good.lines()).position(|(bad, good)| bad != good);
        assert_eq!(Some(line - 1), changed, "{}", output.stderr);
        assert!(output.stderr.contains(says), "{}", output.stderr);
    }
    std::fs::write(&path, &good).unwrap();
    let output = lantern_with(&["bmc", "run", path.to_str().unwrap()]);
    assert_eq!(output.code(), Some(2));
    assert!(output.stderr.contains(&format!("cannot listen on {here}")), "{}", output.stderr);
    assert!(output.stderr.contains("--listen"), "{}", output.stderr);
    assert_eq!(lantern_with(&["bmc", "run", "/nonexistent"]).code(), Some(2));
}

#[test]
fn the_command_line_says_where_to_listen() {
    // The address of the file cannot be had: nobody may try.
    let config = example().replace("127.0.0.1:0", "192.0.2.1:623");
    let bmc = Bmc::with(&config, &["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"]);
    assert!(bmc.text(&["power", "status"]).contains("on"));
    for signal in ["-INT", "-TERM"] {
        let (status, _) = Bmc::start().stop(signal);
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

#[test]
fn programs_are_told_the_address_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bmc.toml");
    std::fs::write(&path, example()).unwrap();
    let mut command = lantern();
    command.args(["bmc", "run", "-o", "json"]).arg(&path).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (line, _stdout) = first_line(child.stdout.take().unwrap());
    signal_to(&child, "-TERM");
    assert_eq!(wait(&mut child).code(), Some(0));
    let object: Value = serde_json::from_str(&line).unwrap();
    crate::schemas::check(&object);
    assert_eq!(
        (&object["name"], &object["schema"]),
        (&Value::from("gallery-1"), &Value::from("lantern.bmc_running/1"))
    );
    let address = object["addresses"][0].as_str().unwrap();
    assert!(address.starts_with("127.0.0.1:") && !address.ends_with(":0"), "{address}");
}

#[test]
fn a_bmc_keeps_its_state() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let options = ["--state", state.to_str().unwrap()];
    // Without a GUID of its own it takes a random one, and keeps it.
    let mut config = example();
    let guid = config.find("guid = ").unwrap();
    config.replace_range(guid..=guid + config[guid..].find('\n').unwrap(), "");
    let first = Bmc::with(&config, &options);
    let guid = first.json(&["mc", "guid"])["guid"].clone();
    assert!(guid.is_string());
    first.text(&["power", "off"]);
    assert_eq!(first.stop("-TERM").0.code(), Some(0));

    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    for file in std::fs::read_dir(&state).unwrap().map(|file| file.unwrap().path()) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert!(state.join("nvram.redb").exists());

    let second = Bmc::with(&config, &options);
    assert_eq!(second.json(&["mc", "guid"])["guid"], guid);
    assert_eq!(second.text(&["power", "status"]), "Chassis power is off\n");
    // Another BMC is another one.
    let other = Bmc::with(&config, &[]);
    assert_ne!(other.json(&["mc", "guid"])["guid"], guid);
    assert_eq!(other.text(&["power", "status"]), "Chassis power is on\n");
}

#[test]
fn a_hangup_changes_what_can_be_changed() {
    let directory = tempfile::tempdir().unwrap();
    let (path, log) = (directory.path().join("bmc.toml"), directory.path().join("log"));
    let written = || std::fs::read_to_string(&log).unwrap();
    std::fs::write(&path, example()).unwrap();
    let mut command = lantern();
    command.args(["bmc", "run"]).arg(&path).stdout(Stdio::piped());
    let mut child = command.stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
    let (_, _stdout) = first_line(child.stdout.take().unwrap());
    for (lan, says) in [
        (
            "[lan]\nsessions = 3\nquirks = [\"seqbytwo\", \"idzero\"]",
            vec!["[lan] sessions is not as it was at the start", "quirks=\"idzero, seqbytwo\""],
        ),
        ("[lan]\nquirks = [\"idzeroo\"]", vec!["bmc.toml:13:11: ", "idzero", "nothing is changed"]),
    ] {
        std::fs::write(&log, "").unwrap();
        std::fs::write(&path, example().replace("[lan]", lan)).unwrap();
        signal_to(&child, "-HUP");
        let last = says.last().unwrap();
        let mut looks = 0;
        while !written().contains(last) || !written().ends_with('\n') {
            assert!(child.try_wait().unwrap().is_none() && looks < 6000, "{}", written());
            std::thread::sleep(std::time::Duration::from_millis(5));
            looks += 1;
        }
        for word in says {
            assert!(written().contains(word), "{word}: {}", written());
        }
    }
    signal_to(&child, "-TERM");
    assert_eq!(wait(&mut child).code(), Some(0));
}

#[test]
fn an_interrupted_command_says_so() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let host = silent.local_addr().unwrap().to_string();
    let mut command = lantern();
    command.args(["-H", &host, "-U", "admin", "--deadline", "60", "power", "status"]);
    command.env("LANTERN_PASSWORD", "x").stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Once it has sent something it is past setting up its signals.
    silent.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    silent.recv(&mut [0; 64]).unwrap();
    signal_to(&child, "-INT");
    assert_eq!(wait(&mut child).code(), Some(130));
}

#[test]
fn the_demo_shows_it_all_and_ends() {
    let output = finish(lantern().args(["demo", "--once"]));
    let text = output.expect_success();
    for line in [
        "17 (RAKP-HMAC-SHA256, HMAC-SHA256-128, AES-CBC-128)",
        "6c616e74-6572-4e00-8000-000000000001",
        "CPU1 Temp",
        "power is off",
        "power is on",
        "(D5h)",
        "General chassis intrusion",
        "wrong password for user 'admin'",
        "refused cipher suite 0",
        "lantern -H 127.0.0.1:",
        "ipmitool -I lanplus -C 17",
    ] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert_eq!(output.stderr, "");
}
