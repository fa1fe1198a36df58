package dev.credfs;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The arrows between the packages. The table is the house's plan: a new row, or a new name in a row, is a decision and goes
 * into {@code src/docs/decisions.md} with its reason.
 */
final class ArchitectureTest {
    private static final String ROOT = "dev.credfs";
    private static final String[] CORE = packages("crypto", "caveat", "macaroon", "policy", "mint");

    private static final String JACKSON = "tools.jackson.. com.fasterxml.jackson.annotation.. org.snakeyaml.engine..";

    /** Everything under {@code java} that reaches the machine: a core package gets bytes, facts and the time passed in. */
    private static final Set<String> PURE_JAVA_NET = Set.of(
            "java.net.URI",
            "java.net.URISyntaxException",
            "java.net.URLDecoder",
            "java.net.URLEncoder",
            "java.net.IDN");

    private static final Set<String> CLOCK_READS = Set.of("now", "system", "systemUTC", "systemDefaultZone", "tick");

    private static final JavaClasses CREDFS = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(ROOT);

    /**
     * One row of the plan.
     *
     * @param name the package, below {@code dev.credfs}
     * @param mayImport other packages of credfs, separated by blanks
     * @param thirdParty package patterns of libraries, separated by blanks
     */
    private record Row(String name, String mayImport, String thirdParty) {
        String[] allowed() {
            List<String> patterns = new ArrayList<>(List.of("java..", "javax.crypto..", "org.jspecify.annotations.."));
            patterns.addAll(List.of(packages((name + " " + mayImport).trim().split(" +"))));
            if (!thirdParty.isEmpty()) {
                patterns.addAll(List.of(thirdParty.split(" +")));
            }
            return patterns.toArray(String[]::new);
        }

        @Override
        public String toString() {
            return name + " -> " + mayImport;
        }
    }

    private static List<Row> plan() {
        return List.of(
                new Row("crypto", "", ""),
                new Row("caveat", "", ""),
                new Row("macaroon", "crypto caveat", "com.github.nitram509.jmacaroons.."),
                new Row("policy", "caveat", ""),
                new Row("audit", "caveat policy", JACKSON),
                new Row("mint", "caveat macaroon policy audit", ""),
                new Row(
                        "vault",
                        "crypto",
                        JACKSON + " com.exceptionfactory.jagged.. org.bouncycastle.crypto.generators.. jnr.ffi.."),
                new Row("procfs", "policy", ""),
                new Row("fuse", "policy mint procfs", "ru.serce.jnrfuse.. jnr.ffi.."),
                new Row(
                        "gateway",
                        "crypto caveat macaroon policy audit procfs",
                        JACKSON
                                + " javax.net.ssl.. javax.security.auth.x500.. io.netty.. org.brotli.dec.. io.prometheus.metrics.. org.bouncycastle.."),
                new Row(
                        "cli",
                        "crypto caveat macaroon policy mint audit vault procfs fuse gateway",
                        JACKSON + " picocli.."));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("plan")
    void packageImportsOnlyWhatThePlanAllows(Row row) {
        classes()
                .that()
                .resideInAPackage(packages(row.name())[0])
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(row.allowed()))
                .allowEmptyShould(true)
                .check(CREDFS);
    }

    @Test
    void everyPackageIsInThePlan() {
        List<String> known = plan().stream().map(Row::name).toList();
        classes()
                .that()
                .doNotHaveFullyQualifiedName(ROOT + ".package-info")
                .should()
                .resideInAnyPackage(packages(known.toArray(String[]::new)))
                .check(CREDFS);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CREDFS);
    }

    @Test
    void whatAnswersReadsCannotReachARootKey() {
        noClasses()
                .that()
                .resideInAnyPackage(packages("mint", "fuse", "procfs"))
                .should()
                .transitivelyDependOnClassesThat()
                .haveFullyQualifiedName(ROOT + ".macaroon.RootKey")
                .allowEmptyShould(true)
                .check(CREDFS);
    }

    @Test
    void mintKnowsOfAuditOnlyTheEventsAndTheLog() {
        DescribedPredicate<JavaClass> eventsAndLog = belongTo(assignableTo(ROOT + ".audit.AuditEvent"))
                .or(assignableTo(ROOT + ".audit.AuditEvent"))
                .or(DescribedPredicate.describe(
                        "the interface AuditLog",
                        type -> type.getFullName().equals(ROOT + ".audit.AuditLog") && type.isInterface()))
                // AuditLog declares it: whoever records must answer it
                .or(assignableTo(ROOT + ".audit.AuditUnavailableException"));
        noClasses()
                .that()
                .resideInAPackage(packages("mint")[0])
                .should()
                .dependOnClassesThat(resideInAPackage(packages("audit")[0]).and(DescribedPredicate.not(eventsAndLog)))
                .allowEmptyShould(true)
                .check(CREDFS);
    }

    @Test
    void coreTouchesNoFileNoSocketAndNoProcess() {
        DescribedPredicate<JavaClass> machine = DescribedPredicate.describe(
                "reach files, sockets or processes",
                type -> type.getPackageName().startsWith("java.nio.file")
                        || type.getPackageName().startsWith("java.nio.channels")
                        || type.getPackageName().startsWith("javax.net")
                        || (type.getPackageName().startsWith("java.net") && !PURE_JAVA_NET.contains(type.getFullName()))
                        || type.getFullName().startsWith("java.io.File")
                        || type.getFullName().equals("java.io.RandomAccessFile")
                        || type.getFullName().equals("java.io.Console")
                        || type.getFullName().startsWith("java.lang.Process"));
        noClasses()
                .that()
                .resideInAnyPackage(CORE)
                .should()
                .dependOnClassesThat(machine)
                .allowEmptyShould(true)
                .check(CREDFS);
    }

    @Test
    void coreReadsNoEnvironmentAndNoClock() {
        DescribedPredicate<JavaAccess<?>> ambient = DescribedPredicate.describe(
                "the environment or the clock of the machine", access -> isAmbient(access.getTarget()));
        noClasses()
                .that()
                .resideInAnyPackage(CORE)
                .should()
                .accessTargetWhere(ambient)
                .allowEmptyShould(true)
                .check(CREDFS);
    }

    private static boolean isAmbient(AccessTarget target) {
        String owner = target.getOwner().getFullName();
        String name = target.getName();
        return switch (owner) {
            case "java.lang.System" ->
                name.startsWith("getenv") || name.startsWith("getProp") || name.equals("currentTimeMillis");
            case "java.time.InstantSource" -> name.equals("system");
            default -> owner.startsWith("java.time.") && CLOCK_READS.contains(name) && !takesAClock(target);
        };
    }

    /** {@code LocalDate.now(clock)} reads the clock it was given. */
    private static boolean takesAClock(AccessTarget target) {
        return target.getFullName().contains("java.time.Clock)");
    }

    @Test
    void onlyTheCommandLineEndsTheProcess() {
        DescribedPredicate<JavaAccess<?>> end = DescribedPredicate.describe(
                "System.exit, Runtime.exit or Runtime.halt",
                access -> Set.of(
                                "java.lang.System.exit(int)",
                                "java.lang.Runtime.exit(int)",
                                "java.lang.Runtime.halt(int)")
                        .contains(access.getTarget().getFullName()));
        noClasses()
                .that()
                .resideOutsideOfPackage(packages("cli")[0])
                .should()
                .accessTargetWhere(end)
                .check(CREDFS);
    }

    private static String[] packages(String... names) {
        String[] patterns = new String[names.length];
        for (int i = 0; i < names.length; i++) {
            patterns[i] = ROOT + "." + names[i] + "..";
        }
        return patterns;
    }
}
