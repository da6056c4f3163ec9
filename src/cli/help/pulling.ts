import type { Topic } from './topic.ts'

const TEXT = `"pull" fetches an image from a web server, but only the parts that changed:

  nspawn-rootfs pull https://images.example.org/web.tar.xz \\
    --dir /var/cache/web --public-key public.asc --import web --replace

It may run every night: if nothing has changed, it does nothing. For that,
see EVERY NIGHT below.

WHAT IS FETCHED
  SHA256SUMS and its signature, the manifest, and the blocks that are in none of
  these: older images in DIR with their manifests beside them, those of --from,
  and the block cache. Each block is checked against the manifest, and at the
  end the whole image against SHA256SUMS. Only then does it get its name.
  An image without a manifest, whoever made it, is fetched whole.
  If the server is silent for 10 seconds, pull says so on standard error, and
  again when it answers. It gives up after some minutes.
  If a pull breaks off, what it has fetched stays in DIR/.FILE.pull, and the
  next one goes on there. The folder also remembers which publications were seen
  at this URL: keep it. With another DIR, or another spelling of the URL, pull
  knows nothing of them.
  Keep the old image, too: its blocks are not fetched again.
  The umask decides who may read the files.

FEWER BYTES
  A changed block often holds store paths that have not changed. --save-traffic
  fetches only the ones that have, and compresses the block here again. If one
  package of 300 kB has changed in an image of 69 MB, that is 0.37 MB instead of
  0.90. It costs 1.5 seconds of processor time at level 1, more at higher
  levels, and 40 MB of memory, or 130 MB if a block of 16 MiB has changed. It
  needs the version that built the image, or one with the same encoder; if a
  block does not fit, it is fetched.
  Let the server compress manifests: 84 kB become 21. For nginx:

    gzip on; gzip_types application/json;

WHAT IS TRUSTED
  --public-key   the key of whoever publishes the image. Without it, the keys
                 that systemd trusts: /etc/systemd/import-pubring.pgp or .gpg,
                 or else those in /usr/lib/systemd
  --verify checksum
                 only the checksums count: the server can change them and the
                 image
  An older publication than the one before is refused: an attacker could bring
  back an image with known faults. Older means that SHA256SUMS lists
  older versions, was signed earlier, or was seen before and replaced since.
  --allow-downgrade accepts it.

THE MACHINE
  --import NAME makes a machine of the image, as "machinectl import-tar" does.
  It is not started: machinectl start NAME, and enable NAME for each boot.
  Without root, the commands are printed, and pull ends with 0: the image has
  come. /var/lib/nspawn-rootfs/machines.json records the image of each machine.
  --json adds "machine": {"name", "action"}. The action is "imported" or
  "replaced", "kept" if the machine was made of this image before, "failed", or
  without root "commands", with a list of them under that name.
  --replace replaces a machine: it imports the image as NAME-next, stops the
  machine, renames it to NAME-previous, gives its name to the new one and starts
  that. If a step fails, or the new machine does not run 5 and 30 seconds later,
  the old one is started again, and the image is not tried a second time. Its
  tree stays as NAME-next until the next replacement.
  NAME-next and NAME-previous belong to pull, which removes them at the next
  replacement. NAME-previous goes once the image is imported, even if the
  replacement fails after that. If the power fails in one, the next pull keeps
  the new tree as NAME-unproven and warns: take from it what you need, and
  remove it: machinectl remove NAME-unproven. To go back:

    systemctl stop systemd-nspawn@web     # machinectl stop does not wait
    machinectl rename web web-bad
    machinectl rename web-previous web
    machinectl start web

  The machine then stays as it is until a newer image is published. When you
  need nothing of the bad tree: machinectl remove web-bad.
  The new tree has nothing of what the machine wrote into the old one, such as
  /var. Keep what has to stay in folders of the host, in the settings:

    [Files]
    Bind=/srv/web-state:/var/lib/web

  --trust-settings installs the settings of the image in /etc/systemd/nspawn,
  where systemd-nspawn trusts them: whoever signs the image can then share any
  folder of the host with the machine. Settings of your own are kept.

EVERY NIGHT
  /etc/systemd/system/web-update.service, with the path that "command -v
  nspawn-rootfs" prints:

    [Unit]
    Wants=network-online.target
    After=network-online.target
    [Service]
    Type=oneshot
    ExecStart=/usr/local/bin/nspawn-rootfs pull \\
      https://images.example.org/web.tar.xz --dir /var/cache/web \\
      --public-key /etc/web.asc --import web --replace

  /etc/systemd/system/web-update.timer:

    [Timer]
    OnCalendar=daily
    Persistent=true
    [Install]
    WantedBy=timers.target

  Then: systemctl enable web-update.timer; systemctl start web-update.timer
  If the new image does not stay up, pull ends with 1, and so does each later
  one until a newer image is published: the service is then a failed unit.`

export const pulling: Topic = {
  name: 'pulling',
  summary: 'updates that cost what changed, and what is trusted',
  text: TEXT,
}
