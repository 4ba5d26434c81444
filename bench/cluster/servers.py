"""Two multi-worker Odoo servers on one database, and nginx in front of them."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

WORKERS = 2
# As in bench/server.py: Odoo starts the process of the websocket by its program's name.
PROGRAM = str(Path(__file__).parents[1] / "odoo_server.py")
# Requests that only read: nginx may ask the other server where one has died.
READS = (
    "web_search_read|web_read|web_read_group|read|search_read|search_count|get_views|"
    "formatted_read_group|formatted_read_grouping_sets|name_search|web_name_search|"
    "read_progress_bar|has_group|get_data"
)
CONF = """[options]
addons_path = {addons}
data_dir = {data}
db_host = 127.0.0.1
db_port = {primary}
db_user = odoo
db_name = {database}
dbfilter = ^{database}$
list_db = False
db_replica_host = 127.0.0.1
db_replica_port = {replica}
db_maxconn = 16
http_interface = 127.0.0.1
http_port = {port}
gevent_port = {gevent}
proxy_mode = True
workers = {workers}
max_cron_threads = 1
limit_time_cpu = 120
limit_time_real = 240
limit_memory_soft = 629145600
limit_memory_hard = 1073741824
log_handler = :WARNING,werkzeug:INFO,odoo.addons.base.models.ir_cron:INFO
logfile = {log}
server_wide_modules = base,rpc,web
smtp_server = 127.0.0.1
smtp_port = 1
"""
NGINX = """worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
{user}
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;

    map $http_upgrade $crm_connection {{ default upgrade; '' ''; }}

    # A server that failed twice is left alone for 2 seconds.
    upstream odoo {{
        least_conn;
        server 127.0.0.1:{ports[0]} max_fails=2 fail_timeout=2s;
        server 127.0.0.1:{ports[1]} max_fails=2 fail_timeout=2s;
        keepalive 32;
    }}
    upstream odoo_websocket {{
        least_conn;
        server 127.0.0.1:{gevents[0]} max_fails=2 fail_timeout=2s;
        server 127.0.0.1:{gevents[1]} max_fails=2 fail_timeout=2s;
    }}

    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 128m;
        proxy_read_timeout 720s;
        proxy_connect_timeout 2s;
        proxy_http_version 1.1;
        proxy_set_header Host              $http_host;
        proxy_set_header X-Forwarded-Host  $http_host;
        proxy_set_header X-Forwarded-For   $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header Upgrade           $http_upgrade;
        proxy_set_header Connection        $crm_connection;

        location /websocket {{ proxy_pass http://odoo_websocket; }}
        # What writes is sent once, whatever happens: nginx repeats no POST by itself.
        location / {{ proxy_pass http://odoo; }}
        # What only reads may be asked of the other server.
        location ~ ^/web/dataset/call_kw/[^/]+/({reads})$ {{
            proxy_next_upstream error timeout non_idempotent;
            proxy_pass http://odoo;
        }}
    }}
}}
"""


def answers(port, path="/web/health"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def wait_for(condition, what, seconds=120):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise SystemExit(f"error: {what} not after {seconds} seconds")
        time.sleep(0.1)


class Process:
    """A program with all that it starts."""

    def __init__(self):
        self.process = None
        self.wanted = False

    def _start(self, command, log):
        with Path(log).open("a") as output:
            self.process = subprocess.Popen(
                command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self):
        """As if its machine had lost power: none of its processes ends anything."""
        self.wanted = False
        self._kill_all()

    def _kill_all(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(60)

    def stop(self):
        self.wanted = False
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            finally:
                self._kill_all()


class Odoo(Process):
    """One server: workers, one for crons, one for the websocket.

    Its first process ends itself when PostgreSQL is restarted; whatever has started it
    must start it again, as systemd does with ``Restart=always``.
    """

    def __init__(self, name, folder, ports, **settings):
        super().__init__()
        self.name, self.port = name, ports[0]
        folder = Path(folder)
        self.conf, self.log = folder / f"{name}.conf", folder / f"{name}.log"
        settings = {"workers": WORKERS, "log": self.log, **settings}
        self.conf.write_text(CONF.format(port=ports[0], gevent=ports[1], **settings))

    def start(self):
        self._start([sys.executable, PROGRAM, "-c", self.conf], self.log)
        self.wanted = True

    def start_again(self):
        """:return: whether it had ended by itself"""
        if not self.wanted or self.process.poll() is None:
            return False
        self._kill_all()  # what is left of it
        self.start()
        return True

    def wait(self):
        wait_for(lambda: answers(self.port), f"{self.name} answers")


class Nginx(Process):
    """Spreads requests over the servers that answer."""

    def __init__(self, program, folder, port, ports, gevents):
        super().__init__()
        self.program, self.port = program, port
        self.folder = Path(folder)
        self.folder.mkdir()
        self.conf = self.folder / "nginx.conf"
        self.conf.write_text(
            NGINX.format(
                folder=self.folder,
                port=port,
                ports=ports,
                gevents=gevents,
                reads=READS,
                user="user root;" if os.getuid() == 0 else "",
            )
        )

    def start(self):
        log = self.folder / "error.log"
        self._start([self.program, "-e", log, "-c", self.conf], log)
        wait_for(lambda: answers(self.port), "nginx answers")
