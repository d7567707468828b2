//! `user`.

use crate::pair::Pair;

const LIST: &[&str] = &["user list 1", "user summary 1"];

#[test]
fn users_are_listed_alike() {
    let Some(pair) = Pair::reference() else { return };
    for line in [
        "user list",
        "user list 1",
        "user list 0xe",
        "-c user list 1",
        "user list 1 -c",
        "user summary",
        "user summary 1",
        "-c user summary",
        "user help",
        "user",
        "user bogus",
        "user list 12",
        "user list x",
        "user list 1 2",
        "user summary 1 2",
        "user list 9",
        "user summary 9",
    ] {
        pair.same(line);
    }
    pair.same_error("user list 13", "Given Channel number '13' is either invalid or out of range.");
}

#[test]
fn users_are_changed_alike() {
    let Some(pair) = Pair::reference() else { return };
    for line in [
        "user set name 5 bob",
        "user set password 5 Secret_5",
        "user enable 5",
        "user priv 5 4 1",
        "user priv 5 0xf 1",
        "user priv 5 2",
        "user priv 5 3 1",
        "user disable 5",
        "user enable 5",
        "user set name 6 sixteen_letters_",
        "user set name 6 seventeen_letters",
        "user set name 6 bob",
        "user set name 7 help",
        "user set name 1 root",
        "user set name 6",
        "user set name 99 x",
        "user set",
        "user set bogus 5",
        "user set password",
        "user set password 0 x",
        "user set password 5 x 17",
        "user set password 5 seventeen_letters 16",
        "user set password 5 twenty_one_letters___",
        "user priv 5 6 1",
        "user priv 5 0",
        "user priv 5",
        "user priv 64 4",
        "user priv 5 4 12",
        "user enable",
        "user enable 64",
        "user enable 5 6",
        "user disable x",
    ] {
        pair.same_change(line, LIST);
    }
    pair.same_words(&["user", "set", "name", "6", "with blank"]);
    pair.same_words(&["user", "set", "name", "6", ""]);
    pair.same_change("user summary", LIST);
}

#[test]
fn passwords_are_set_and_tried_alike() {
    let Some(pair) = Pair::reference() else { return };
    let tries = |password: &str| {
        [format!("user test 3 16 {password}"), format!("user test 3 20 {password}")]
    };
    for (line, password) in [
        ("user set password 3 short", "short"),
        ("user set password 3 short 20", "short"),
        ("user set password 3 sixteen_letters_", "sixteen_letters_"),
        ("user set password 3 seventeen_letters", "seventeen_letters"),
        ("user set password 3 twenty_letters______ 20", "twenty_letters______"),
        ("user set password 3 back_again 16", "back_again"),
    ] {
        let tries = tries(password);
        pair.same_change(line, &tries.each_ref().map(String::as_str));
        for line in &tries {
            pair.same(line);
        }
    }
    for line in [
        "user test 3 16 wrong",
        "user test 3 20 wrong",
        "user test 3 17 back_again",
        "user test 3 x back_again",
        "user test 3",
        "user test 3 16 a b",
        "user test 64 16 a",
        "user test 9 16 a",
    ] {
        pair.same(line);
    }
}

#[test]
fn who_may_not_is_told_so_alike() {
    let Some(pair) = Pair::reference() else { return };
    for line in [
        "-L USER user list 1",
        "-L OPERATOR user list 1",
        "-L OPERATOR user set name 5 bob",
        "-L OPERATOR user enable 5",
        "-L OPERATOR user priv 5 4 1",
        "-L OPERATOR user test 3 16 x",
        "-L OPERATOR channel setaccess 1 3 link=on",
        "-L USER channel info 1",
        "-L USER channel getaccess 1",
        "-L USER lan print 1",
        "-L USER lan6 print 1",
        "-L OPERATOR lan print 1",
        "-L OPERATOR lan set 1 ipsrc dhcp",
        "-L OPERATOR lan set 1 access on",
        "-L OPERATOR lan6 set 1 enables both",
    ] {
        pair.same(line);
    }
}

#[test]
fn the_simulators_users_are_the_same() {
    let Some(pair) = Pair::simulators() else { return };
    for line in ["user list 1", "-c user list", "user summary", "user test 2 16 wrong"] {
        pair.same(line);
    }
    pair.same_change("user priv 2 3 1", LIST);
    pair.same_change("user priv 2 4 1", LIST);
}
