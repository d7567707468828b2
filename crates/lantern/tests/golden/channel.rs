//! `channel`.

use crate::pair::Pair;

#[test]
fn channels_are_shown_alike() {
    for pair in [Pair::reference(), Pair::specimens()] {
        let Some(pair) = pair else { return };
        for line in [
            "channel info",
            "channel info 0",
            "channel info 1",
            "channel info 2",
            "channel info 7",
            "channel info 0xe",
            "channel info 15",
            "-c channel info 1",
            "channel info -v",
            "channel getaccess 1",
            "channel getaccess 1 2",
            "channel getaccess 0xe 3",
            "channel getciphers ipmi",
            "channel getciphers ipmi 1",
            "channel getciphers sol",
            "channel getciphers sol 0xe",
            "-c channel getciphers ipmi 1",
            "channel authcap 1 4",
            "channel authcap 0xe 2",
        ] {
            pair.same(line);
        }
    }
}

#[test]
fn what_is_wrong_with_a_channel_is_the_same() {
    let Some(pair) = Pair::reference() else { return };
    for line in [
        "channel",
        "channel help",
        "channel bogus",
        "channel info 12",
        "channel info x",
        "channel info 1 2",
        "channel getaccess",
        "channel getaccess 1 2 3",
        "channel getaccess 1 64",
        "channel getaccess 1 0",
        "channel getaccess 12 1",
        "channel getaccess 0 1",
        "channel getciphers",
        "channel getciphers bogus",
        "channel getciphers ipmi 12",
        "channel getciphers ipmi 1 2",
        "channel authcap",
        "channel authcap 1",
        "channel authcap 1 6",
        "channel authcap 1 1",
        "channel authcap 1 3",
        "channel authcap 1 5",
        "channel authcap 1 15",
        "channel authcap 1 0",
        "channel authcap 12 4",
        "channel authcap 0 4",
        "channel setaccess",
        "channel setaccess help",
        "channel setaccess 1 2",
        "channel setaccess 1 64 link=on",
        "channel setaccess 12 2 link=on",
        "channel setkg hex 00",
    ] {
        pair.same(line);
    }
}

#[test]
fn access_is_changed_alike() {
    let Some(pair) = Pair::reference() else { return };
    for line in [
        "channel setaccess 1 3 link=on ipmi=on",
        "channel setaccess 1 3 ipmi=enable",
        "channel setaccess 1 3 callin=on",
        "channel setaccess 1 3 privilege=2",
        "channel setaccess 1 3 privilege=0x4",
        "channel setaccess 1 3 privilege=15",
        "channel setaccess 1 3 privilege=OPERATOR",
        "channel setaccess 1 3 privilege=user",
        "channel setaccess 1 3 callin=on ipmi=true link=on privilege=4",
        "channel setaccess 0xe 4 link=on ipmi=on privilege=3",
        "channel setaccess 1 5 link=on ipmi=on callin=on privilege=4",
        "channel setaccess 1 3 privilege=x",
        "channel setaccess 1 3 privilege=0",
        "channel setaccess 1 3 privilege=9",
        "channel setaccess 1 3 bogus=on",
        "channel setaccess 1 3 link",
    ] {
        pair.same_change(line, &["channel getaccess 1", "-c user list 1"]);
    }
}

#[test]
fn what_is_switched_off_is_off() {
    // The original says that it was successful, and switches it on.
    let Some(pair) = Pair::reference() else { return };
    for (setting, shows) in [
        ("link=off", "Link Authentication  : disabled"),
        ("ipmi=disable", "IPMI Messaging       : disabled"),
        ("callin=no", "Access Available     : callback"),
    ] {
        pair.same(&format!("channel setaccess 1 3 {setting}"));
        let now = pair.ours(&["channel", "getaccess", "1", "3"]);
        assert!(now.stdout.contains(shows), "{setting}: {now}");
    }
    let on = "channel setaccess 1 3 link=on ipmi=on callin=on";
    pair.same_change(on, &["channel getaccess 1 3"]);
}

#[test]
fn the_simulators_channels_are_the_same() {
    let Some(pair) = Pair::simulators() else { return };
    for line in [
        "channel info",
        "channel info 1",
        "channel info 15",
        "channel getaccess 1",
        "channel getaccess 1 2",
        "channel authcap 1 4",
        "channel getciphers ipmi",
    ] {
        pair.same(line);
    }
    pair.same_change("channel setaccess 1 2 link=on ipmi=on", &["channel getaccess 1 2"]);
}
