#!/bin/sh
# Inside the root of a node image: what the Dockerfile of kind's own base image does after its packages are installed.
set -eu
units=/lib/systemd/system
rm -f $units/sysinit.target.wants/systemd-tmpfiles-setup.service
rm -f $units/multi-user.target.wants/* /etc/systemd/system/*.wants/* $units/local-fs.target.wants/* \
  $units/sockets.target.wants/*udev* $units/sockets.target.wants/*initctl* $units/basic.target.wants/*
echo ReadKMsg=no >>/etc/systemd/journald.conf
ln -sf /usr/lib/systemd/systemd /sbin/init
systemctl enable kubelet.service containerd.service undo-mount-hacks.service
systemctl mask systemd-binfmt.service
ctr oci spec |
  jq '.hooks.createContainer += [{"path": "/kind/bin/mount-product-files.sh"}] | del(.process.rlimits)' \
    >/etc/containerd/cri-base.json
