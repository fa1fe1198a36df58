package dev.credfs.procfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.policy.Container;
import dev.credfs.policy.RefusedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The cgroup paths that the runtimes make. In the tables, A and B stand for two ids of 64 hex digits. */
final class ContainerPatternsTest {
    private static final String A = "a1".repeat(32);
    private static final String B = "b2".repeat(32);
    private static final ContainerPatterns KNOWN = ContainerPatterns.known();

    private static String withIds(String text) {
        return text.replace("{A}", A).replace("{B}", B);
    }

    private static Container of(ContainerPatterns patterns, String cgroup) throws RefusedException {
        return patterns.containerOf(withIds(cgroup));
    }

    private static Container at(String path) throws RefusedException {
        return of(KNOWN, "0::" + path + "\n");
    }

    @ParameterizedTest
    @CsvSource({
        // docker: cgroupfs, systemd, with --cgroup-parent, rootless
        "/docker/{A}, {A}",
        "/system.slice/docker-{A}.scope, {A}",
        "/agents.slice/agents-ci.slice/docker-{A}.scope, {A}",
        "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{A}.scope, 1000/{A}",
        "/user.slice/user-1000.slice/user@1000.service/app.slice/docker-{A}.scope, 1000/{A}",
        // podman: systemd, with its inner cgroup, in a pod, cgroupfs, rootless, rootless in a pod, quadlet
        "/machine.slice/libpod-{A}.scope, {A}",
        "/machine.slice/libpod-{A}.scope/container, {A}",
        "/machine.slice/machine-libpod_pod_{B}.slice/libpod-{A}.scope/container, {A}",
        "/libpod_parent/libpod-{A}, {A}",
        "/libpod_parent/{B}/libpod-{A}, {A}",
        "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{A}.scope, 1000/{A}",
        "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{A}.scope/container, 1000/{A}",
        "/user.slice/user-1000.slice/user@1000.service/user.slice/user-libpod_pod_{B}.slice/libpod-{A}.scope, 1000/{A}",
        "/user.slice/user-1000.slice/user@1000.service/app.slice/ci.service/libpod-payload-{A}, 1000/{A}",
        "/system.slice/ci.service/libpod-payload-{A}, ci.service/{A}",
        "/system.slice/system-ci.slice/ci@1.service/libpod-payload-{A}, ci@1.service/{A}",
        // Kubernetes with containerd: systemd, cgroupfs, kind, and the two settings at odds
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f1.slice/cri-containerd-{A}.scope, {A}",
        "/kubepods.slice/kubepods-pod0f1_2.slice/cri-containerd-{A}.scope, {A}",
        "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod0f1.slice/cri-containerd-{A}.scope, {A}",
        "/kubepods/burstable/pod2c48913c-b29f-11e7-9350-020968147796/{A}, {A}",
        "/kubepods/pod2c48913c-b29f-11e7-9350-020968147796/{A}, {A}",
        "/kubelet/kubepods/besteffort/pod2c48913c-b29f-11e7-9350-020968147796/{A}, {A}",
        "/system.slice/containerd.service/kubepods-besteffort-pod72f7f152.slice:cri-containerd:{A}, {A}",
        "/kubepods-burstable-pod72f7f152_440c_66ac_9084_e0fc1d8a910c.slice:cri-containerd:{A}, {A}",
        // Kubernetes with CRI-O: systemd, its inner cgroup, cgroupfs
        "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod6b.slice/crio-{A}.scope, {A}",
        "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod6b.slice/crio-{A}.scope/container, {A}",
        "/kubepods/besteffort/pod6bd2a4d3-a55a-4450-b6fd-2a7ecc72c904/crio-{A}, {A}",
        // Kubernetes with docker
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f1.slice/docker-{A}.scope, {A}",
        // nerdctl
        "/system.slice/nerdctl-{A}.scope, {A}",
        "/default/{A}, {A}",
        "/user.slice/user-1000.slice/user@1000.service/user.slice/nerdctl-{A}.scope, 1000/{A}",
        // runc: systemd, cgroupfs where our documentation puts it, rootless
        "/system.slice/runc-agent-1.scope, agent-1",
        "/runc/agent-1, agent-1",
        "/runc/agent+1_x.y, agent+1_x.y",
        "/user.slice/user-1000.slice/user@1000.service/user.slice/runc-agent-1.scope, 1000/agent-1",
        // a container's own cgroups belong to it, whatever it calls them
        "/docker/{A}/docker/{B}, {A}",
        "/docker/{A}/system.slice/docker-{B}.scope, {A}",
        "/system.slice/docker-{A}.scope/kubelet.slice/kubelet-kubepods.slice/cri-containerd-{B}.scope, {A}",
        "/machine.slice/libpod-{A}.scope/machine.slice/libpod-{B}.scope, {A}",
        "/runc/agent-1/runc/agent-2, agent-1",
        "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{A}.scope/docker-{B}.scope, 1000/{A}",
    })
    void runtimeIsKnown(String path, String id) throws Exception {
        assertThat(at(path)).isEqualTo(new Container(withIds(id)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/init.scope",
                "/system.slice/cron.service",
                "/user.slice/user-1000.slice/session-3.scope",
                "/user.slice/user-1000.slice/user@1000.service/app.slice/bash.service",
                "/process_api/dcc70cb2ee5207611971576521eefd8f",
                // the monitor, not the workload
                "/machine.slice/libpod-conmon-{A}.scope",
                "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod6b.slice/crio-conmon-{A}.scope",
                "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-conmon-{A}.scope",
                "/system.slice/ci.service/runtime",
                "/libpod_parent/conmon",
                // the runtimes themselves, and their empty parents
                "/docker",
                "/system.slice/docker.service",
                "/system.slice/containerd.service",
                "/kubepods.slice/kubepods-burstable.slice",
                "/runc",
                // not at the runtime's place, or not quite an id
                "/{A}",
                "/x/docker/{A}",
                "/docker/{A}x",
                "/docker/x{A}",
                "/docker/buildkit",
                "/system.slice/docker-{A}",
                "/system.slice/docker-{A}.scopes",
                "/system.slice/xdocker-{A}.scope",
                "/docker-{A}.scope",
                "/system.slice/runc-.scope",
                // a service to which root delegated: what it calls its cgroups is its own word
                "/system.slice/jenkins.service/docker-{A}.scope",
                "/system.slice/jenkins.service/system.slice/docker-{A}.scope",
                "/system.slice/jenkins.service/runc-agent.scope",
                // a user's tree that is not its manager's, or not of the same user
                "/user.slice/user-1000.slice/docker-{A}.scope",
                "/user.slice/docker-{A}.scope",
                "/user.slice/user-1000.slice/user@1001.service/user.slice/docker-{A}.scope",
                "/user.slice/user-1000.slice/session-3.scope/docker-{A}.scope",
            })
    void otherPlaceIsTheHost(String path) throws Exception {
        assertThat(at(withIds(path))).isEqualTo(Container.HOST);
    }

    @Test
    void hybridHierarchiesNeedNotAllNameTheContainer() throws Exception {
        assertThat(
                        of(
                                KNOWN,
                                "9:name=systemd:/docker/{A}\n4:memory:/docker/{A}\n1:cpu,cpuacct:/\n0::/system.slice/x.service\n"))
                .isEqualTo(new Container(A));
    }

    @Test
    void twoContainersInTwoHierarchiesAreRefused() {
        assertThatThrownBy(() -> of(KNOWN, "2:cpu:/docker/{A}\n1:memory:/docker/{B}\n"))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("two containers, " + A + " and " + B);
    }

    @Test
    void containerOfAUserIsNotTheContainerOfRoot() {
        String user = "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{A}.scope";
        assertThatThrownBy(() -> of(KNOWN, "2:cpu:/docker/{A}\n0::" + user + "\n"))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("two containers");
    }

    @ParameterizedTest
    @CsvSource({
        "/my/prefix/*, /my/prefix/agent, agent",
        "/my/prefix/*, /my/prefix/agent/inner/x, agent",
        "/ci/job-*.scope, /ci/job-17.scope, 17",
        "/ci/job-*/payload, /ci/job-17/payload/x, 17",
        "/*, /agent, agent",
        "/actions_job/*, /actions_job/{A}, {A}",
        "/lxc.payload.*, /lxc.payload.web, web",
    })
    void operatorAddsAPlace(String pattern, String path, String id) throws Exception {
        assertThat(of(KNOWN.with(pattern), "0::" + path + "\n")).isEqualTo(new Container(withIds(id)));
    }

    @ParameterizedTest
    @CsvSource({
        "/my/prefix/*, /my/prefix",
        "/my/prefix/*, /x/my/prefix/agent",
        "/my/prefix/*, /my/prefiX/agent",
        "/my.prefix/*, /my-prefix/agent",
        "/ci/job-*.scope, /ci/job-.scope",
        "/ci/job-*.scope, /ci/job-1/x.scope",
        "/*, /system.slice",
        "/*, /init.scope",
        "/*, /proc-sys-fs-binfmt_misc.mount",
        "/system.slice/*, /system.slice/cron.service",
        "/ci/*, /ci/a:b",
    })
    void addedPlaceIsAnchored(String pattern, String path) throws Exception {
        assertThat(of(KNOWN.with(pattern), "0::" + path + "\n")).isEqualTo(Container.HOST);
    }

    @Test
    void addedPlaceBelowAKnownOneDoesNotCount() throws Exception {
        assertThat(of(KNOWN.with("/runc/agent/*"), "0::/runc/agent/inner\n")).isEqualTo(new Container("agent"));
    }

    @Test
    void pathThatIsTwoContainersIsRefused() {
        assertThatThrownBy(() -> of(KNOWN.with("/runc/job-*"), "0::/runc/job-7\n"))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("can be read as job-7 and as 7");
    }

    @ParameterizedTest
    @CsvSource({
        "my/prefix/*, begins with '/'",
        "/my/prefix/*/, ends without one",
        "/my/prefix, exactly one '*'",
        "/*/*, exactly one '*'",
        "/job-*-*, exactly one '*'",
        "/my//*, empty or dot segment",
        "/../*, empty or dot segment",
        "'', begins with '/'",
    })
    void patternThatCannotBeMeantIsAnError(String pattern, String why) {
        assertThatThrownBy(() -> KNOWN.with(pattern))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }

    @Test
    void longPathOfManySegmentsIsReadInBoundedTime() throws Exception {
        String user = "/user.slice/user-1000.slice/user@1000.service" + "/a".repeat(2000);
        String slices = "/a.slice".repeat(500);

        assertThat(at(user)).isEqualTo(Container.HOST);
        assertThat(at(slices)).isEqualTo(Container.HOST);
    }
}
