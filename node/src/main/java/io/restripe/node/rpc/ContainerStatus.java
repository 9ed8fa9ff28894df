package io.restripe.node.rpc;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A running container, as its host process tells it.
 *
 * @param pid of the host process
 * @param readOnly started so
 * @param backend the word for who does its I/O: embedded or kernel
 * @param notes what a person should know since the start
 */
public record ContainerStatus(
        String name,
        String format,
        String uuid,
        long generation,
        long pid,
        boolean readOnly,
        String backend,
        List<MemberStatus> members,
        List<VolumeStatus> volumes,
        List<String> notes) {
    public ContainerStatus {
        members = List.copyOf(members);
        volumes = List.copyOf(volumes);
        notes = List.copyOf(notes);
    }

    public Optional<VolumeStatus> volume(String volume) {
        return volumes.stream().filter(v -> v.name().equals(volume)).findFirst();
    }

    /** The same with its volumes told so. */
    public ContainerStatus withVolumes(List<VolumeStatus> told) {
        return new ContainerStatus(name, format, uuid, generation, pid, readOnly, backend, members, told, notes);
    }

    /** The same with one thing more that a person should know. */
    public ContainerStatus withNote(String note) {
        List<String> more = new ArrayList<>(notes);
        more.add(note);
        return new ContainerStatus(name, format, uuid, generation, pid, readOnly, backend, members, volumes, more);
    }

    /** Whether nothing goes on in the background. */
    public boolean idle() {
        return volumes.stream().allMatch(v -> v.work().idle());
    }

    public Map<String, Object> toMap() {
        return Json.map(
                "container", name,
                "format", format,
                "uuid", uuid,
                "generation", generation,
                "pid", pid,
                "read-only", readOnly,
                "backend", backend,
                "members", members.stream().map(MemberStatus::toMap).toList(),
                "volumes", volumes.stream().map(VolumeStatus::toMap).toList(),
                "notes", notes);
    }

    public static ContainerStatus ofMap(Map<String, Object> map) {
        return new ContainerStatus(
                Json.text(map, "container"),
                Json.text(map, "format"),
                Json.text(map, "uuid"),
                Json.number(map, "generation"),
                Json.number(map, "pid"),
                Json.flag(map, "read-only"),
                Json.optionalText(map, "backend").orElse("embedded"),
                Json.maps(map, "members").stream().map(MemberStatus::ofMap).toList(),
                Json.maps(map, "volumes").stream().map(VolumeStatus::ofMap).toList(),
                Json.texts(map, "notes"));
    }
}
