//! The texts of all codes.

use super::{Code, Explained};

const fn code(
    number: u16,
    title: &'static str,
    means: &'static str,
    steps: &'static [&'static str],
) -> Explained {
    Explained { code: Code(number), title, means, steps }
}

/// By number. What was published once keeps its number and its meaning.
pub(super) const TABLE: &[Explained] = &[
    code(
        1,
        "the command line or a setting does not fit",
        "Nothing was sent to any BMC. The message says which word or value is meant.",
        &["See what is possible with `lantern COMMAND --help`."],
    ),
    code(
        2,
        "not confirmed",
        "The command destroys or interrupts something and was not confirmed. Nothing was done.",
        &["Answer `y` when asked, or say `--yes` beforehand."],
    ),
    code(
        3,
        "interrupted",
        "Somebody pressed Ctrl-C, or the program was told to end. The session was closed. What was sent already may \
         still take effect.",
        &["Look at the present state before you repeat a command that changes something."],
    ),
    code(
        101,
        "the name leads to no address",
        "Neither DNS nor the hosts file of this machine knows the name.",
        &[
            "Check the spelling; `getent hosts NAME` asks the same question.",
            "Give the address itself, `-H 192.0.2.7`, to see whether the BMC is well.",
        ],
    ),
    code(
        102,
        "nothing answers",
        "Open Session, RMCP's presence ping and IPMI 1.5's first question were sent for the whole deadline. Nothing came \
         back, and no router or machine said why. A firewall that drops, an address nobody has in a network \
         behind a router, a BMC without power or with a hung network service all look like this.",
        &[
            "Ping the address. If that is answered, UDP port 623 is dropped on the way, or IPMI over LAN is disabled on \
             the BMC.",
            "Try from a machine in the BMC's own network: then an address that nobody has is told as such (L0104).",
            "Ask the BMC from its host, in-band: its address, and whether IPMI over LAN is enabled (`lantern lan show` there, without `-H`).",
            "If it hangs: reset it from its host (`lantern mc reset cold` there, without `-H`), or take the machine's power away for a minute.",
        ],
    ),
    code(
        103,
        "the port is closed",
        "A machine with this address says that nobody listens at the UDP port (ICMP port unreachable). It is not a \
         firewall that drops, and not a wrong route.",
        &[
            "Check address and port: `-p`, or `-H HOST:PORT`.",
            "Enable IPMI over LAN on the BMC: in its web page, or in-band.",
            "If the BMC was just reset or updated: try again in a minute.",
        ],
    ),
    code(
        104,
        "no machine has this address",
        "A router, or this machine's own neighbour discovery, says that nobody there answers for the address.",
        &[
            "Check the address; a BMC on DHCP may have got another.",
            "Check the BMC's cable, its switch port and VLAN, and that the machine has standby power.",
        ],
    ),
    code(
        105,
        "there is no way to the network",
        "This machine, or a router on the way, has no route to the BMC's network.",
        &[
            "`ip route get ADDRESS` shows what this machine would do.",
            "Management networks are often reached by a VPN or a jump box only.",
        ],
    ),
    code(
        106,
        "a firewall refuses it",
        "Something on the way says that it does not let the packet through (ICMP administratively prohibited).",
        &["Have UDP port 623 to the BMC opened, or work from a machine that may."],
    ),
    code(
        107,
        "a machine without IPMI",
        "Something answers RMCP's presence ping and says that it has no IPMI: ASF or DASH of a network card.",
        &[
            "Check the address: the host's own network card may have answered in the place of the BMC.",
        ],
    ),
    code(
        108,
        "RMCP is answered, IPMI is not",
        "Something answers RMCP's presence ping and says that it has IPMI, but answers neither IPMI 2.0 nor 1.5. \
         Packets get there and back: it is no firewall. On some BMCs the network card answers pings for firmware that \
         hangs.",
        &[
            "Look whether IPMI over LAN is enabled on the BMC.",
            "Reset the BMC from its host or its web page.",
        ],
    ),
    code(
        109,
        "the BMC has RMCP+ and does not answer it",
        "The BMC answers Get Channel Authentication Capabilities and says that it has IPMI 2.0, but does not answer Open \
         Session.",
        &[
            "Wait a minute: some drop logins after too many wrong ones, or while others log in.",
            "Reset the BMC from its host or its web page.",
        ],
    ),
    code(
        110,
        "the BMC has IPMI 1.5 only",
        "The BMC answers IPMI 1.5 and says that it has no RMCP+. IPMI 1.5 encrypts nothing, so it is never fallen back to.",
        &[
            "Switch IPMI 2.0 on in the BMC's settings, or update its firmware.",
            "If it must be: `--allow-ipmi15`. Whoever listens reads all that is said.",
        ],
    ),
    code(
        111,
        "nothing answers IPMI 1.5",
        "With `--allow-ipmi15`: nothing came back for the whole deadline. Many BMCs have IPMI 1.5 switched off, and are right.",
        &["Leave out `--allow-ipmi15`.", "Go on as for L0102."],
    ),
    code(
        112,
        "this machine cannot send",
        "The system gave no socket, or refused to send: it is this machine, not the BMC.",
        &[
            "See the message for what the system said: no network, no permission, no file descriptor left.",
        ],
    ),
    code(
        201,
        "silence in the middle of the login",
        "The BMC answered Open Session and then no more. Some firmware drops what it should refuse, such as an unknown user; \
         some is too slow for its own time limit.",
        &[
            "Check that the user exists.",
            "Give it more time: `--deadline 15`.",
            "Try again when less is going on.",
        ],
    ),
    code(
        202,
        "silence in the middle of an IPMI 1.5 login",
        "The BMC answered the first questions and then no more. Some do that for a wrong password.",
        &["Check the password.", "Try again: some answer a challenge once only."],
    ),
    code(
        203,
        "no common cipher suite",
        "Every suite that was tried was refused. Without `-C` these are 17 and 3, the two that encrypt and that most BMCs have.",
        &[
            "See what the BMC offers: `lantern channel ciphers`, or `ipmitool channel getciphers ipmi`, from where a login works.",
            "Enable suite 17 in the BMC's settings, or update its firmware.",
            "If it must be: `-C N --allow-insecure-suites`, for suites that do not encrypt.",
        ],
    ),
    code(
        204,
        "no such user",
        "The BMC says that nobody of this name may log in on this channel (RAKP 2, 0Dh). Some BMCs say the same when \
         the user exists and is disabled, or has less privilege than was asked for.",
        &[
            "Check the spelling; capitals count.",
            "From another user, or in-band: `lantern user list`. Is the user enabled, and IPMI messaging on?",
            "Ask for less privilege: `-L USER`.",
        ],
    ),
    code(
        205,
        "wrong password",
        "The BMC's own proof in RAKP 2 was made with another password, or the BMC refused ours. The key K_g has no part in \
         that, so it is not K_g.",
        &[
            "Check the password.",
            "A password of more than 16 bytes works only if the BMC was given all of it: some cut at 16 when it was set.",
            "If the BMC locks users out after wrong passwords, wait for the lockout's end before you try again.",
        ],
    ),
    code(
        206,
        "wrong K_g",
        "The password is right (RAKP 2 proved it), and the session's keys differ (RAKP 4): the BMC has another K_g than was given.",
        &[
            "Give the K_g that is set on the BMC: `--kg-file` or LANTERN_KG.",
            "If it should have none: leave it out, and look whether somebody has set one.",
        ],
    ),
    code(
        207,
        "less privilege than was asked for",
        "User or channel are limited to less than the command needs, or than `-L` asks for.",
        &[
            "Ask for less: `-L OPERATOR` or `-L USER`; without `-L` a session asks for what its command needs.",
            "Raise the limits of user and channel, as an administrator.",
        ],
    ),
    code(
        208,
        "all session slots are taken",
        "BMCs have few sessions to give, often four or five, and a user may have fewer.",
        &[
            "Wait a minute: idle sessions expire.",
            "See who has them, `lantern session list`, and end those that nobody needs.",
            "Look for monitoring that logs in and never out.",
        ],
    ),
    code(
        209,
        "the BMC refused the session",
        "The status of RMCP+ in the message says all that the BMC told.",
        &[
            "Try `-C 3`, and a lower privilege with `-L`.",
            "Look for the status in the firmware's release notes.",
        ],
    ),
    code(
        210,
        "IPMI 1.5 refused",
        "The BMC does not let anybody log in by IPMI 1.5, or not by this authentication type.",
        &["Leave out `--allow-ipmi15`.", "Try another type: `-A md5`, `-A md2`."],
    ),
    code(
        211,
        "answers with wrong authentication codes",
        "What came back may be from anybody: the codes that prove that it is the BMC are wrong. A wrong password looks like \
         this in IPMI 1.5; so does firmware that makes wrong codes (FreeIPMI's `noauthcodecheck`), and so does an attack. Such \
         answers are never believed.",
        &["Check the password.", "Use IPMI 2.0, or update the firmware."],
    ),
    code(
        212,
        "the password is too long for IPMI 1.5",
        "IPMI 1.5 has room for 16 bytes. Nothing is ever cut.",
        &["Leave out `--allow-ipmi15`, or give the user a shorter password."],
    ),
    code(
        213,
        "an authentication type that is not spoken here",
        "`-A` takes none, md2, md5 and password.",
        &["Use `-A md5`."],
    ),
    code(
        214,
        "a cipher suite that is not spoken here",
        "Suites with xRC4 are left out on purpose, because xRC4 is broken.",
        &["Use `-C 17` or `-C 3`."],
    ),
    code(
        301,
        "the session was lost",
        "The BMC answered, and then no more: it restarts, hangs, or the network fails. What may be repeated was repeated in a \
         new session, once.",
        &["Try again in a minute.", "A BMC that stays silent can be reset from its host, in-band."],
    ),
    code(
        302,
        "the session could not be raised",
        "The login worked; Set Session Privilege Level was refused.",
        &["Use a user with the privilege that the command needs."],
    ),
    code(
        303,
        "the request does not fit a packet",
        "Nothing was sent.",
        &["Shorten the request's data."],
    ),
    code(
        304,
        "the session was closed meanwhile",
        "This program was ending while a request was under way. It was one that may be repeated.",
        &["Run the command again."],
    ),
    code(
        305,
        "no such controller behind the BMC",
        "The BMC took the message for a controller behind it (`-t`) and found nobody at that address: no acknowledgement on the bus (83h), \
         destination unavailable (D3h), or a timeout of its own (C3h).",
        &[
            "Look which controllers the BMC knows of: `lantern sdr list mc -v` has their addresses and channels.",
            "Addresses have eight bits here: 0x82, not 0x41.",
            "A controller in a bay, a power supply or on a card may be off or not plugged in.",
        ],
    ),
    code(
        306,
        "the controller behind the BMC does not answer",
        "The BMC has passed the request on, and no answer came back. The session is well.",
        &[
            "Try again; a bus that others use is slow.",
            "Check that a controller is there, and not a chip without IPMI: `lantern sdr list mc -v`.",
        ],
    ),
    code(
        307,
        "the BMC does not pass messages on",
        "It refused Send Message: it has no such command (C1h), no such channel (CCh), or trouble with its bus (81h, 82h). The message has the code.",
        &[
            "Check the channel: `lantern channel info N`; 0 is the primary IPMB.",
            "Look for newer firmware, if the BMC should know of that bus.",
        ],
    ),
    code(
        401,
        "insufficient privilege",
        "The BMC refuses the command to this session (D4h). The message says what the command needs by the specification; some BMCs \
         want more, and some say this of commands that they do not have. A firmware firewall says it, too, of what is disabled on \
         the channel.",
        &[
            "Ask for more: `-L ADMINISTRATOR`.",
            "Use a user that may have it.",
            "See whether the command is disabled: `lantern firewall info`.",
        ],
    ),
    code(
        402,
        "the BMC does not have the command",
        "Completion code C1h or C2h. Many commands of IPMI are optional.",
        &["Look for a vendor's command, or for newer firmware."],
    ),
    code(
        403,
        "not in this state",
        "The BMC has the command, and the machine is in a state that does not allow it (D5h).",
        &["Look at `lantern power status` first."],
    ),
    code(
        404,
        "the BMC is busy",
        "It said so (C0h, C3h, D0h to D2h), also when asked again for a while: it starts, is being updated, or has too much to do.",
        &[
            "Try again in a minute.",
            "Poll it less often: a slow sensor bus is shared by all that ask.",
        ],
    ),
    code(
        405,
        "the BMC declined",
        "It understood the command and refused it. The completion code in the message says more.",
        &["Compare the arguments with what this BMC supports."],
    ),
    code(
        406,
        "not possible with this BMC",
        "What the BMC says of itself, or of the thing that is meant, does not allow it. Nothing was sent.",
        &["See what its records offer: `lantern sdr list`, `lantern sensor list`."],
    ),
    code(
        407,
        "answered before a login only",
        "The BMC answers this question to whoever has no session yet, and refuses it inside of one (D5h).",
        &["Nothing: the login itself has found out what it takes."],
    ),
    code(
        501,
        "the BMC departs from the specification",
        "Its answer cannot be read, or contradicts itself. The bytes are in the message.",
        &[
            "Look for newer firmware.",
            "Report the message with the BMC's `mc info`: a workaround may be possible.",
        ],
    ),
    code(
        601,
        "what became of it is unknown",
        "The command must not run twice, so it was sent once. Its answer was lost, and what was looked up afterwards proves neither \
         that it happened nor that it did not.",
        &[
            "Look at the machine itself before you repeat it. What was seen is listed with the error.",
        ],
    ),
    code(
        602,
        "it was not done",
        "The answer was lost, and what was looked up proves that nothing happened.",
        &["Repeat the command."],
    ),
    code(
        603,
        "it was done",
        "The answer was lost, and what was looked up proves that it happened.",
        &["Nothing."],
    ),
    code(
        701,
        "it did not work",
        "The message says all there is.",
        &["Run it again with `-vv` to see each step."],
    ),
    code(
        702,
        "a file",
        "A file cannot be read or written. The message has its name and what the system said.",
        &["Check path, owner and permissions."],
    ),
    code(
        801,
        "the control socket",
        "There is no BMC behind the socket that `bmc ctl` was told, or it ended the conversation.",
        &["Check `--socket`, and that `lantern bmc run --control` runs as the same user."],
    ),
    code(
        901,
        "the kernel modules for this machine's own BMC are not loaded",
        "There is no device node, and the kernel's IPMI modules are not there: `ipmi_msghandler`, `ipmi_devintf`, and \
         `ipmi_si` (or `ipmi_ssif`, where the BMC is on an SMBus). Those that are part of the kernel count as loaded. \
         The message says which are missing, and whether the firmware's tables speak of a BMC.",
        &[
            "As root: `lantern local load`, or `modprobe -a ipmi_msghandler ipmi_devintf ipmi_si`. To have them at \
             each start: a file in `/etc/modules-load.d` with their names, one a line.",
            "If the kernel has no such modules, install the package that they are in; kernels for virtual machines in \
             clouds often leave them out.",
            "If another machine's BMC was meant: `-H HOST`.",
        ],
    ),
    code(
        902,
        "the kernel has found no BMC in this machine",
        "The modules are loaded, and no driver has found a BMC. SMBIOS (an entry of type 38) and ACPI (a device \
         IPI0001) say where one should be; the message says whether they do.",
        &[
            "If the firmware speaks of a BMC, it did not answer: `dmesg | grep -i ipmi` shows what the driver \
             tried. Reset the BMC over the network, or take the machine's power away for a minute; then \
             `modprobe -r ipmi_si && modprobe ipmi_si`.",
            "If it does not, the machine has no BMC, or its interface to the machine is switched off in the \
             firmware's set-up.",
            "A virtual machine has one only if it was given one: see QEMU's `ipmi-bmc-sim` and `ipmi-bmc-extern`.",
        ],
    ),
    code(
        903,
        "no such device node",
        "A driver has found a BMC, but the node that was asked for is not there. In a container that is usual.",
        &[
            "See which nodes there are: `lantern local status`; choose one with `--local-device`.",
            "Give a container the device: `docker run --device /dev/ipmi0`.",
            "Where udev does not run: `mknod /dev/ipmi0 c MAJOR 0`, with ipmidev's number in `/proc/devices`.",
        ],
    ),
    code(
        904,
        "the device node is not for this user",
        "Whoever opens the node is an administrator of the BMC, without a password. So it is root's, usually.",
        &[
            "Run the command with sudo.",
            "If the node belongs to a group, be one of it. Think twice before a udev rule gives it to others.",
        ],
    ),
    code(
        905,
        "the device takes nobody more",
        "The kernel lets only so many use a BMC at a time.",
        &["See who has it open: `fuser -v /dev/ipmi0`. Then try again."],
    ),
    code(
        906,
        "this is no IPMI device",
        "What is at the path is a file of another kind, another driver's device, or one whose driver has gone.",
        &["See which nodes there are: `lantern local status`."],
    ),
    code(
        907,
        "the BMC of this machine is silent",
        "The kernel has taken the request, and no answer came. The BMC hangs or restarts.",
        &[
            "Wait a minute: a BMC that was reset or updated takes that long.",
            "`dmesg | grep -i ipmi` shows what the driver makes of it.",
            "Reset the BMC over the network, or take the machine's power away for a minute.",
        ],
    ),
];
