"""OpenStack Ironic's ipmitool driver, asked for everything it can do, against the `ipmitool` in PATH.

    python ask_ironic.py ADDRESS PORT USER PASSWORD

Prints one line of JSON: each question with what Ironic made of the answer. The driver is Ironic's own;
only its node and its task are stand-ins, for these come from a database.
"""

import json
import logging
import shlex
import subprocess
import sys
import tempfile
import types

from ironic.conf import CONF

ADDRESS, PORT, USER, PASSWORD = sys.argv[1:]
DIRECTORY = tempfile.mkdtemp()

CONF([], project="ironic", default_config_files=[])
CONF.set_override("tempdir", DIRECTORY)
CONF.set_override("min_command_interval", 1, group="ipmi")
CONF.set_override("command_retry_timeout", 10, group="ipmi")
CONF.set_override("power_state_change_timeout", 20, group="conductor")
CONF.set_override("port_range", "40000:40100", group="console")
logging.disable(logging.CRITICAL)

from ironic.common import states  # noqa: E402
from ironic.conductor import task_manager  # noqa: E402
from ironic.drivers.modules import console_utils, ipmitool  # noqa: E402


class Node:
    uuid = "00000000-0000-4000-8000-000000000001"

    def __init__(self, boot_mode, **more):
        info = dict(
            ipmi_address=ADDRESS, ipmi_port=PORT, ipmi_username=USER, ipmi_password=PASSWORD,
            ipmi_terminal_port=40001,
        )
        self.driver_info = {**info, **more}
        self.driver_internal_info = {}
        self.instance_info = {}
        self.disable_power_off = False
        self.properties = {"capabilities": f"boot_mode:{boot_mode}"}

    def del_driver_internal_info(self, key):
        return self.driver_internal_info.pop(key, None)

    def set_driver_internal_info(self, key, value):
        self.driver_internal_info[key] = value

    def save(self):
        pass


power, management = ipmitool.IPMIPower(), ipmitool.IPMIManagement()
vendor, console = ipmitool.VendorPassthru(), ipmitool.IPMISocatConsole()


class Task(task_manager.TaskManager):
    """Has the node to itself, which the driver insists on."""

    shared = False
    context = types.SimpleNamespace(ensure_thread_contain_context=lambda: None)
    driver = types.SimpleNamespace(power=power, management=management, console=console)
    node = None

    def __init__(self, node):
        self.node = node


def task(boot_mode="bios", **more):
    return Task(Node(boot_mode, **more))


class Forgetful(dict):
    """When a BMC was asked last. The pause between two commands is for real hardware."""

    def __setitem__(self, address, time):
        pass


ipmitool.LAST_CMD_TIME = Forgetful()
results = {}


def ask(name, question, *arguments, **named):
    try:
        answer = question(*arguments, **named)
    except Exception as error:
        # What differs between two machines by nature is where they are.
        said = getattr(error, "stderr", None) or str(error)
        answer = [type(error).__name__, said.replace(PORT, "PORT").replace(DIRECTORY, "TEMPDIR")]
    results[name] = answer


def set_and_get_boot_devices():
    for boot_mode in ("bios", "uefi"):
        for persistent in (False, True):
            for device in management.get_supported_boot_devices(task()):
                name = f"boot {boot_mode} {device} {'always' if persistent else 'once'}"
                ask(f"set {name}", management.set_boot_device, task(boot_mode), device, persistent)
                ask(f"get {name}", management.get_boot_device, task(boot_mode))
                # "Raw" is what other tools would see of it.
                ask(f"raw {name}", ipmitool.send_raw, task(), "0x00 0x09 0x05 0x00 0x00")


def console_line():
    """How the console would be started; with another command it has to be understood."""
    started = []
    console_utils.start_socat_console = lambda *words, **_: started.append(words)
    console.start_console(task())
    uuid, port, line = started[0]
    words = shlex.split(line)
    assert words[-2:] == ["sol", "activate"], line
    said = subprocess.run(words[:-2] + ["sol", "info", "1"], capture_output=True, text=True)
    line = line.replace(PORT, "PORT").replace(DIRECTORY, "TEMPDIR")
    return [uuid, port, line, said.returncode, said.stdout.replace(PORT, "PORT")]


def use(group, **options):
    for option, value in options.items():
        CONF.set_override(option, value, group=group)


for option in ("timing", "single_bridge", "dual_bridge"):
    ask(f"option {option}", ipmitool._is_option_supported, option)
ask("vendor", management.detect_vendor, task())
ask("sensors", management.get_sensors_data, task())
ask("power", power.get_power_state, task())
for state in (states.POWER_OFF, states.POWER_ON, states.SOFT_POWER_OFF):
    ask(f"set {state}", power.set_power_state, task(), state)
    ask(f"power after {state}", power.get_power_state, task())
ask("reboot", power.reboot, task())
ask("power after reboot", power.get_power_state, task())
ask("soft reboot", power.set_power_state, task(), states.SOFT_REBOOT)
ask("power after soft reboot", power.get_power_state, task())
set_and_get_boot_devices()
ask("nmi", management.inject_nmi, task())
ask("raw", ipmitool.send_raw, task(), "0x06 0x01")
ask("raw by vendor", vendor.send_raw, task(), raw_bytes="0x06 0x04")
ask("dump", ipmitool.dump_sdr, task(), f"{DIRECTORY}/sdr")
with open(f"{DIRECTORY}/sdr", "rb") as dumped:
    results["dumped"] = dumped.read().hex()
ask("console", console_line)
ask("console stopped", console._exec_stop_console, ipmitool._parse_driver_info(task().node))
ask("suite 17", power.get_power_state, task(ipmi_cipher_suite=17))
ask("operator", power.get_power_state, task(ipmi_priv_level="OPERATOR"))
ask("single bridge", power.get_power_state, task(
    ipmi_bridging="single", ipmi_target_channel=0, ipmi_target_address="0x20", ipmi_local_address="0x20"))

use("ipmi", debug=True)
ask("power, verbosely", power.get_power_state, task())
ask("sensors, verbosely", management.get_sensors_data, task())
use("ipmi", debug=False, store_cred_in_env=True)
ask("power, password in the environment", power.get_power_state, task())
use("ipmi", store_cred_in_env=False, use_ipmitool_retries=True)
ask("power, tries of ipmitool", power.get_power_state, task())
# These are not tried again: what is said decides.
info = ipmitool._parse_driver_info(task(ipmi_cipher_suite=18).node)
ask("no such suite", ipmitool._exec_ipmitool, info, "power status")
info = ipmitool._parse_driver_info(task().node)
ask("no such command", ipmitool._exec_ipmitool, info, "raw 0x06 0x99")
ask("wrong password", power.get_power_state, task(ipmi_password="wrong"))
use("ipmi", cipher_suite_versions=["3", "17", "18"])
ask("suites from the end of a list", power.get_power_state, task())
use("ipmi", cipher_suite_versions=[])
# The BMC restarts: what comes after it would have to wait.
ask("reset", vendor.bmc_reset, task(), "POST", warm=True)
print(json.dumps(results))
