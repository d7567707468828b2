//! Options, and what is said when there is no session.

use crate::pair::Pair;

#[test]
fn options_may_follow_the_command_and_what_is_wrong_with_them_is_the_same() {
    let Some(pair) = Pair::reference() else { return };
    for line in [
        "-V",
        "-h",
        "-N 0 -R 0 -h",
        "-m 0 -b 0 -t 0 -B 0 -T 0 -h",
        "power status -v",
        "power status -N 2 -R 1",
        "-c power status",
        "-l 999 power status",
        "-p 70000 power status",
        "-L OPERATOR power status",
        "-L USER power status",
        "help",
        "bogus",
        "",
    ] {
        pair.same(line);
    }
}

#[test]
fn a_session_that_is_refused_ends_in_the_line_that_programs_look_for() {
    let Some(pair) = Pair::reference() else { return };
    let line = "Error: Unable to establish IPMI v2 / RMCP+ session";
    pair.same_error("-P wrong power status", line);
    pair.same_error("-U nobody power status", line);
    pair.same_error("-C 3 -k wrong power status", line);
}
